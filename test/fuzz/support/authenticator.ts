import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { Authenticator, ScramCredential } from '@causeway/core';

const PRINCIPAL = { name: 'shop', groups: new Set<string>() };
const SCRAM = scramCredential('secret', Buffer.from('a salt of the test'), 2);

/** Lets in those who say nothing, and `shop` with `secret`: by password or SCRAM. */
export const AUTHENTICATOR: Authenticator = {
  anonymous: true,
  password: (name, password) =>
    Promise.resolve(name === 'shop' && password.toString() === 'secret' ? PRINCIPAL : null),
  certificate: () => null,
  scram: (name) => (name === 'shop' ? SCRAM : null),
};

function scramCredential(password: string, salt: Buffer, iterations: number): ScramCredential {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest();
  const serverKey = createHmac('sha256', salted).update('Server Key').digest();
  return { salt, iterations, storedKey, serverKey, principal: PRINCIPAL };
}

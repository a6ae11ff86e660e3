import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { saslPrep } from './sasl-prep.js';

/** What a server keeps of a password for SCRAM-SHA-256 (RFC 5802, 3; RFC 7677). */
export interface ScramKeys {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** RFC 7677, 4 asks for at least 4096. */
export const SCRAM_ITERATIONS = 4096;
const ITERATIONS_MAX = 1_000_000;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const FORM = /^SCRAM-SHA-256\$(\d{1,7}):([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*):([A-Za-z0-9+/]+=*)$/;

/** Derives the keys of a password, off the event loop. */
export async function deriveScramKeys(
  password: string,
  salt: Buffer = randomBytes(SALT_BYTES),
  iterations: number = SCRAM_ITERATIONS,
): Promise<ScramKeys> {
  const salted = await new Promise<Buffer>((resolve, reject) => {
    pbkdf2(saslPrep(password), salt, iterations, KEY_BYTES, 'sha256', (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  return {
    salt,
    iterations,
    storedKey: createHash('sha256').update(clientKey).digest(),
    serverKey: createHmac('sha256', salted).update('Server Key').digest(),
  };
}

/**
 * Reads `SCRAM-SHA-256$iterations:salt$storedKey:serverKey`, the form in which PostgreSQL stores
 * such keys.
 * @throws Error that says what is wrong, without repeating the keys
 */
export function parseScramKeys(text: string): ScramKeys {
  const match = FORM.exec(text);
  if (match === null) {
    throw new Error('SCRAM keys look like SCRAM-SHA-256$4096:salt$storedKey:serverKey');
  }
  const [, iterations, salt, storedKey, serverKey] = match as unknown as string[];
  const keys = {
    iterations: Number(iterations),
    salt: Buffer.from(salt!, 'base64'),
    storedKey: Buffer.from(storedKey!, 'base64'),
    serverKey: Buffer.from(serverKey!, 'base64'),
  };
  if (keys.iterations < SCRAM_ITERATIONS || keys.iterations > ITERATIONS_MAX) {
    throw new Error(`SCRAM keys have ${SCRAM_ITERATIONS} to ${ITERATIONS_MAX} iterations`);
  }
  if (keys.storedKey.length !== KEY_BYTES || keys.serverKey.length !== KEY_BYTES) {
    throw new Error('the stored key and the server key of SCRAM-SHA-256 have 32 bytes');
  }
  return keys;
}

/** Writes the form that `parseScramKeys` reads. */
export function formatScramKeys(keys: ScramKeys): string {
  const encode = (bytes: Buffer) => bytes.toString('base64');
  const { iterations, salt, storedKey, serverKey } = keys;
  return `SCRAM-SHA-256$${iterations}:${encode(salt)}$${encode(storedKey)}:${encode(serverKey)}`;
}

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { deriveScramKeys, formatScramKeys, parseScramKeys } from './scram-keys.js';

describe('SCRAM-SHA-256 keys', () => {
  test('prove and sign the exchange of RFC 7677, 3', async () => {
    const keys = await deriveScramKeys('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const message = [
      'n=user,r=rOprNGfwEbeRWgbNEkqO',
      `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`,
      `c=biws,r=${nonce}`,
    ].join(',');
    const signature = createHmac('sha256', keys.serverKey).update(message).digest('base64');
    expect(signature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');

    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
    const clientSignature = createHmac('sha256', keys.storedKey).update(message).digest();
    const clientKey = proof.map((byte, index) => byte ^ clientSignature[index]!);
    expect(createHash('sha256').update(clientKey).digest()).toEqual(keys.storedKey);
  });

  test('compute on the prepared password (RFC 4013)', async () => {
    const salt = Buffer.alloc(16, 1);
    const plain = await deriveScramKeys('I X', salt);
    expect(await deriveScramKeys('I\u00AD\u00A0X', salt)).toEqual(plain);
    expect(await deriveScramKeys('\u2168', salt)).toEqual(await deriveScramKeys('IX', salt));
  });

  test('are written and read back', async () => {
    const keys = await deriveScramKeys('pencil');
    expect(keys.iterations).toBe(4096);
    expect(parseScramKeys(formatScramKeys(keys))).toEqual(keys);
  });

  test.each([
    ['another form', 'md5abcdef', /look like/],
    ['few iterations', 'SCRAM-SHA-256$1000:AAAA$AAAA:AAAA', /4096/],
    ['short keys', 'SCRAM-SHA-256$4096:AAAA$AAAA:AAAA', /32 bytes/],
  ])('are refused with %s', (_name, text, message) => {
    expect(() => parseScramKeys(text)).toThrow(message);
  });
});

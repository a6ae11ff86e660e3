import { describe, expect, test } from 'vitest';
import { hashPassword, verifyPassword } from './password.js';
import { parseScryptHash } from './scrypt-hash.js';

const CHEAP = { logN: 4, blockSize: 8, parallelism: 1 };

describe('password hashes', () => {
  test('verify their password and no other', async () => {
    const hash = await hashPassword('correct horse', CHEAP);
    expect(await verifyPassword('correct horse', hash)).toBe(true);
    expect(await verifyPassword(Buffer.from('correct horse'), hash)).toBe(true);
    expect(await verifyPassword('correct horsf', hash)).toBe(false);
    expect(await verifyPassword('', hash)).toBe(false);
  });

  test('have a salt of their own', async () => {
    expect(await hashPassword('a', CHEAP)).not.toBe(await hashPassword('a', CHEAP));
  });

  test('use the default cost', async () => {
    const hash = await hashPassword('a');
    expect(hash).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$/);
    expect(await verifyPassword('a', parseScryptHash(hash))).toBe(true);
  });

  test('agree with the vectors of RFC 7914, 12', async () => {
    const vector = (cost: string, salt: string, hex: string) =>
      `$scrypt$${cost}$${Buffer.from(salt).toString('base64')}$${Buffer.from(hex, 'hex').toString('base64')}`;
    const nacl = vector(
      'ln=10,r=8,p=16',
      'NaClNaCl',
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    );
    expect(() => parseScryptHash(nacl)).not.toThrow();
    const sodium = vector(
      'ln=14,r=8,p=1',
      'SodiumChloride',
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    );
    expect(await verifyPassword('pleaseletmein', sodium)).toBe(true);
  });
});

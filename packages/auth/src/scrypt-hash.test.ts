import { describe, expect, test } from 'vitest';
import { formatScryptHash, parseScryptHash } from './scrypt-hash.js';

const SALT = 'AAECAwQFBgcICQoLDA0ODw';
const HASH = 'AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8';

describe('the stored form of a password hash', () => {
  test('is read and written back', () => {
    const text = `$scrypt$ln=14,r=8,p=1$${SALT}$${HASH}`;
    const parsed = parseScryptHash(text);
    expect(parsed.cost).toEqual({ logN: 14, blockSize: 8, parallelism: 1 });
    expect(parsed.salt).toHaveLength(16);
    expect(parsed.hash).toHaveLength(32);
    expect(formatScryptHash(parsed)).toBe(text);
  });

  test('may be padded', () => {
    expect(parseScryptHash(`$scrypt$ln=14,r=8,p=1$${SALT}==$${HASH}=`).salt).toHaveLength(16);
  });

  test.each([
    ['another scheme', `$argon2id$v=19$${SALT}$${HASH}`, /looks like/],
    ['plain text', 'secret', /looks like/],
    ['too much memory', `$scrypt$ln=24,r=8,p=1$${SALT}$${HASH}`, /128 MiB/],
    ['a zero', `$scrypt$ln=0,r=8,p=1$${SALT}$${HASH}`, /at least 1/],
    ['many lanes', `$scrypt$ln=2,r=8,p=99$${SALT}$${HASH}`, /128 MiB/],
    ['a short salt', `$scrypt$ln=14,r=8,p=1$AAEC$${HASH}`, /salt/],
    ['a short hash', `$scrypt$ln=14,r=8,p=1$${SALT}$AAEC`, /under 16/],
  ])('is refused with %s', (_name, text, message) => {
    expect(() => parseScryptHash(text)).toThrow(message);
    expect(() => parseScryptHash(text)).not.toThrow(SALT);
  });
});

import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  formatScryptHash,
  parseScryptHash,
  SCRYPT_COST,
  type ScryptCost,
  type ScryptHash,
} from './scrypt-hash.js';
import { deriveScryptKey } from './scrypt-worker.js';

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Hashes a password with a random salt, off the event loop; the result is what a config stores. */
export async function hashPassword(
  password: string | Buffer,
  cost: ScryptCost = SCRYPT_COST,
): Promise<string> {
  return formatScryptHash(await computeHash(password, cost));
}

/** The same, taken apart. */
export async function computeHash(
  password: string | Buffer,
  cost: ScryptCost = SCRYPT_COST,
): Promise<ScryptHash> {
  const salt = randomBytes(SALT_BYTES);
  return { cost, salt, hash: await deriveScryptKey(password, salt, HASH_BYTES, cost) };
}

/**
 * Whether the password belongs to the hash. Computed off the event loop and compared in constant
 * time.
 * @throws Error when the hash is not one (see `parseScryptHash`)
 */
export async function verifyPassword(
  password: string | Buffer,
  hash: string | ScryptHash,
): Promise<boolean> {
  const wanted = typeof hash === 'string' ? parseScryptHash(hash) : hash;
  const actual = await deriveScryptKey(password, wanted.salt, wanted.hash.length, wanted.cost);
  return timingSafeEqual(actual, wanted.hash);
}

import { deriveScramKeys, formatScramKeys, hashPassword, SCRYPT_COST } from '@causeway/server';
import { readPassword } from './read-password.js';

export interface HashPasswordOptions {
  readonly scram?: boolean;
  /** Binary logarithm of scrypt's N. */
  readonly cost: number;
}

/** `causeway hash-password`: prints what a user's `passwordHash`, or `scram`, is set to. */
export async function runHashPassword(options: HashPasswordOptions): Promise<void> {
  const password = await readPassword();
  if (options.scram === true) console.log(formatScramKeys(await deriveScramKeys(password)));
  else console.log(await hashPassword(password, { ...SCRYPT_COST, logN: options.cost }));
}

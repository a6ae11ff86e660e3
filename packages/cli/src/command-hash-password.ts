import { deriveScramKeys, formatScramKeys, hashPassword } from '@causeway/server';
import { readPassword } from './read-password.js';

export interface HashPasswordOptions {
  readonly scram?: boolean;
}

/** `causeway hash-password`: prints what a user's `passwordHash`, or `scram`, is set to. */
export async function runHashPassword(options: HashPasswordOptions): Promise<void> {
  const password = await readPassword();
  if (options.scram === true) console.log(formatScramKeys(await deriveScramKeys(password)));
  else console.log(await hashPassword(password));
}

/** Cost parameters of scrypt (RFC 7914), as written in a stored hash. */
export interface ScryptCost {
  /** Binary logarithm of N. */
  readonly logN: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

/** A stored password hash, taken apart. */
export interface ScryptHash {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** What new hashes cost: 16 MiB of memory and some 40 ms of one core. */
export const SCRYPT_COST: ScryptCost = { logN: 14, blockSize: 8, parallelism: 1 };

/** A hash may ask for at most this much memory: a config file must not be able to stall logins. */
const MEMORY_BYTES_MAX = 128 * 1024 * 1024;
const FORM =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*)$/;

/** The bytes of memory that one computation takes. */
export function scryptMemory(cost: ScryptCost): number {
  return 128 * cost.blockSize * (2 ** cost.logN + cost.parallelism);
}

/**
 * Reads `$scrypt$ln=14,r=8,p=1$salt$hash` with salt and hash in base64, padded or not.
 * @throws Error that says what is wrong, without repeating the hash
 */
export function parseScryptHash(text: string): ScryptHash {
  const match = FORM.exec(text);
  if (match === null) throw new Error('a password hash looks like $scrypt$ln=14,r=8,p=1$salt$hash');
  const [, logN, blockSize, parallelism, salt, hash] = match as unknown as string[];
  const cost = {
    logN: Number(logN),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
  };
  if (cost.logN < 1 || cost.blockSize < 1 || cost.parallelism < 1) {
    throw new Error('the parameters ln, r and p of a password hash are at least 1');
  }
  if (cost.parallelism > 16 || scryptMemory(cost) > MEMORY_BYTES_MAX) {
    throw new Error('the parameters of the password hash ask for more than 128 MiB of memory');
  }
  const parsed = { cost, salt: Buffer.from(salt!, 'base64'), hash: Buffer.from(hash!, 'base64') };
  if (parsed.salt.length < 8) throw new Error('the salt of the password hash is under 8 bytes');
  if (parsed.hash.length < 16) throw new Error('the password hash is under 16 bytes');
  return parsed;
}

/** Writes the form that `parseScryptHash` reads, without padding. */
export function formatScryptHash(value: ScryptHash): string {
  const { logN, blockSize, parallelism } = value.cost;
  const encode = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${logN},r=${blockSize},p=${parallelism}$${encode(value.salt)}$${encode(value.hash)}`;
}

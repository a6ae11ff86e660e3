import type { CertificateSubject, Principal } from '@causeway/core';
import { computeHash, verifyPassword } from './password.js';
import { deriveScramKeys, parseScramKeys, type ScramKeys } from './scram-keys.js';
import { parseScryptHash, SCRYPT_COST, type ScryptCost, type ScryptHash } from './scrypt-hash.js';

/** A user as the configuration names it. */
export interface UserDefinition {
  readonly name: string;
  /** In plain text; hashed in memory at start. */
  readonly password?: string | undefined;
  /** Instead of the password: what `causeway hash-password` prints. */
  readonly passwordHash?: string | undefined;
  /** Stored SCRAM-SHA-256 keys; derived from a plain password when there is one. */
  readonly scram?: string | undefined;
  /** Common name or distinguished name of the client certificate; the user's name by default. */
  readonly certificate?: string | undefined;
  readonly groups?: readonly string[] | undefined;
}

export interface User {
  readonly principal: Principal;
  /** Null for a user who can log in with a certificate only. */
  readonly hash: ScryptHash | null;
  readonly scram: ScramKeys | null;
  /** The stock password stands: it is accepted from this machine only. */
  readonly loopbackOnly: boolean;
}

/**
 * Hashing plain passwords is part of the start. The file shows them anyway, so that many of them
 * get a cheaper hash rather than a start that takes a minute.
 */
const PLAIN_USERS_AT_FULL_COST = 16;
const REDUCED_COST: ScryptCost = { ...SCRYPT_COST, logN: 10 };

const STOCK_NAME = 'admin';
const STOCK_PASSWORD = 'admin';

/** Whether the definition is the stock user with the stock password in plain text. */
export function hasStockPassword(user: UserDefinition): boolean {
  return user.name === STOCK_NAME && user.password === STOCK_PASSWORD;
}

/** The users of the configuration, ready to be asked for. */
export class UserDirectory {
  readonly #byName = new Map<string, User>();
  readonly #byCertificate = new Map<string, User>();

  /** Hashes plain passwords and derives their SCRAM keys, off the event loop. */
  static async create(definitions: readonly UserDefinition[]): Promise<UserDirectory> {
    const directory = new UserDirectory();
    const plain = definitions.filter((user) => user.password !== undefined).length;
    const cost = plain > PLAIN_USERS_AT_FULL_COST ? REDUCED_COST : SCRYPT_COST;
    const users = await Promise.all(definitions.map((user) => prepareUser(user, cost)));
    for (const [index, user] of users.entries()) {
      const definition = definitions[index]!;
      directory.#byName.set(definition.name, user);
      directory.#byCertificate.set(definition.certificate ?? definition.name, user);
    }
    return directory;
  }

  get(name: string): User | null {
    return this.#byName.get(name) ?? null;
  }

  /** The distinguished name is the stricter one and is looked for first. */
  byCertificate(subject: CertificateSubject): User | null {
    return (
      this.#byCertificate.get(subject.distinguishedName) ??
      this.#byCertificate.get(subject.commonName) ??
      null
    );
  }

  *[Symbol.iterator](): IterableIterator<User> {
    yield* this.#byName.values();
  }
}

async function prepareUser(definition: UserDefinition, cost: ScryptCost): Promise<User> {
  const { name, password, passwordHash, scram } = definition;
  let hash: ScryptHash | null = null;
  if (passwordHash !== undefined) hash = parseScryptHash(passwordHash);
  else if (password !== undefined) hash = await computeHash(password, cost);
  let keys: ScramKeys | null = null;
  if (scram !== undefined) keys = parseScramKeys(scram);
  else if (password !== undefined) keys = await deriveScramKeys(password);
  return {
    principal: { name, groups: new Set(definition.groups ?? []) },
    hash,
    scram: keys,
    loopbackOnly: await isStockUser(definition, hash),
  };
}

/** Also finds the stock password behind a hash or SCRAM keys. */
async function isStockUser(definition: UserDefinition, hash: ScryptHash | null): Promise<boolean> {
  if (definition.name !== STOCK_NAME) return false;
  if (hasStockPassword(definition)) return true;
  if (hash !== null && (await verifyPassword(STOCK_PASSWORD, hash))) return true;
  if (definition.scram === undefined) return false;
  const keys = parseScramKeys(definition.scram);
  const stock = await deriveScramKeys(STOCK_PASSWORD, keys.salt, keys.iterations);
  return stock.storedKey.equals(keys.storedKey);
}

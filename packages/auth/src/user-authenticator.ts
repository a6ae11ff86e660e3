import { randomBytes } from 'node:crypto';
import type {
  Authenticator,
  CertificateSubject,
  Clock,
  Principal,
  ScramExchange,
} from '@causeway/core';
import { isLoopback } from './loopback.js';
import { verifyPassword } from './password.js';
import { type ScramCredential, ScramServer } from './scram-server.js';
import { SCRYPT_COST, type ScryptHash, scryptMemory } from './scrypt-hash.js';
import { SCRYPT_WORKERS } from './scrypt-worker.js';
import type { User, UserDirectory } from './user-directory.js';
import { VerifiedCache } from './verified-cache.js';
import { WorkGate } from './work-gate.js';

/** Logins that wait for their password check; at 40 ms each, the last one waits some seconds. */
const WAITING_MAX = 256;
const SCRAM_NONCE_BYTES = 18;

export interface UserAuthenticatorOptions {
  readonly users: UserDirectory;
  readonly anonymous: boolean;
  readonly clock: Clock;
}

/** Checks names and passwords against the users of the configuration. */
export class UserAuthenticator implements Authenticator {
  readonly anonymous: boolean;
  readonly #users: UserDirectory;
  readonly #verified: VerifiedCache;
  readonly #checks = new Map<string, Promise<boolean>>();
  readonly #gate = new WorkGate(SCRYPT_WORKERS, WAITING_MAX);
  /** Stands in for users who do not exist, so that asking for one takes as long. */
  readonly #decoy: ScryptHash;

  constructor(options: UserAuthenticatorOptions) {
    this.anonymous = options.anonymous;
    this.#users = options.users;
    this.#verified = new VerifiedCache(options.clock);
    this.#decoy = createDecoy(options.users);
  }

  /**
   * Resolves to the principal, or null when the name or password is wrong.
   * @throws BrokerError `server-busy` when too many passwords are being checked
   */
  async password(name: string, password: Buffer, remoteAddress: string): Promise<Principal | null> {
    const user = this.#users.get(name);
    const digest = this.#verified.digest(name, password);
    const right =
      this.#verified.has(digest) || (await this.#check(user, password, digest, remoteAddress));
    if (!right || user === null) return null;
    if (user.loopbackOnly && !isLoopback(remoteAddress)) return null;
    return user.principal;
  }

  certificate(subject: CertificateSubject): Principal | null {
    return this.#users.byCertificate(subject)?.principal ?? null;
  }

  startScram(remoteAddress: string): ScramExchange {
    const nonce = randomBytes(SCRAM_NONCE_BYTES).toString('hex');
    return new ScramServer((name) => this.#scramCredential(name, remoteAddress), nonce);
  }

  #scramCredential(name: string, remoteAddress: string): ScramCredential | null {
    const user = this.#users.get(name);
    if (user === null || user.scram === null) return null;
    if (user.loopbackOnly && !isLoopback(remoteAddress)) return null;
    return { ...user.scram, principal: user.principal };
  }

  /** Clients that come with the same password at the same time share one computation. */
  #check(
    user: User | null,
    password: Buffer,
    digest: string,
    remoteAddress: string,
  ): Promise<boolean> {
    const running = this.#checks.get(digest);
    if (running !== undefined) return running;
    // The caller's buffer is valid during the call only, and the gate may make us wait.
    const own = Buffer.from(password);
    const hash = user?.hash ?? this.#decoy;
    const check = this.#gate
      .run(remoteAddress, () => verifyPassword(own, hash))
      .then((right) => {
        const accepted = right && user !== null && user.hash !== null;
        if (accepted) this.#verified.add(digest);
        return accepted;
      })
      .finally(() => {
        own.fill(0);
        this.#checks.delete(digest);
      });
    this.#checks.set(digest, check);
    return check;
  }
}

/** As expensive as the most expensive hash of a real user. */
function createDecoy(users: Iterable<User>): ScryptHash {
  let cost = null;
  for (const user of users) {
    if (user.hash === null) continue;
    if (cost === null || scryptMemory(user.hash.cost) > scryptMemory(cost)) cost = user.hash.cost;
  }
  return { cost: cost ?? SCRYPT_COST, salt: randomBytes(16), hash: randomBytes(32) };
}

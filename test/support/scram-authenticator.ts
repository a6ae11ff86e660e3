import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { type ScramCredential, ScramServer } from '@causeway/auth';
import type { Authenticator, Principal } from '@causeway/core';

export interface ScramAuthenticatorOptions {
  /** Passwords by name. */
  readonly users: Readonly<Record<string, string>>;
  readonly anonymous?: boolean;
}

/** Cheaper than RFC 7677 asks for, so that tests and fuzzing do not wait. */
const ITERATIONS = 2;
const SALT = Buffer.from('a salt of the test');
/** The same each time, so that a test can be repeated. */
const NONCE = 'a-nonce-of-the-test';

/** Lets a few users in, by password or by SCRAM-SHA-256. */
export class ScramAuthenticator implements Authenticator {
  readonly anonymous: boolean;
  readonly #users: ReadonlyMap<string, { password: string; credential: ScramCredential }>;

  constructor({ users, anonymous = false }: ScramAuthenticatorOptions) {
    this.anonymous = anonymous;
    this.#users = new Map(
      Object.entries(users).map(([name, password]) => {
        return [name, { password, credential: credentialOf(name, password) }];
      }),
    );
  }

  password(name: string, password: Buffer): Promise<Principal | null> {
    const user = this.#users.get(name);
    const right = user?.password === password.toString();
    return Promise.resolve(right ? user.credential.principal : null);
  }

  certificate(): null {
    return null;
  }

  startScram(): ScramServer {
    return new ScramServer((name) => this.#users.get(name)?.credential ?? null, NONCE);
  }
}

function credentialOf(name: string, password: string): ScramCredential {
  const salted = pbkdf2Sync(password, SALT, ITERATIONS, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  return {
    salt: SALT,
    iterations: ITERATIONS,
    storedKey: createHash('sha256').update(clientKey).digest(),
    serverKey: createHmac('sha256', salted).update('Server Key').digest(),
    principal: { name, groups: new Set() },
  };
}

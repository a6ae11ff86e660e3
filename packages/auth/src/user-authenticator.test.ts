import type { Principal } from '@causeway/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ScramClient } from '../../../test/support/scram-client.js';
import { hashPassword } from './password.js';
import { deriveScramKeys, formatScramKeys } from './scram-keys.js';
import { UserAuthenticator } from './user-authenticator.js';
import { type UserDefinition, UserDirectory } from './user-directory.js';

const CHEAP = { logN: 4, blockSize: 8, parallelism: 1 };
const HERE = '127.0.0.1';
const AWAY = '192.0.2.7';
const clock = { now: 0, monotonicMs: () => clock.now, wallMs: () => 0 };

async function createAuthenticator(...users: UserDefinition[]): Promise<UserAuthenticator> {
  return new UserAuthenticator({
    users: await UserDirectory.create(users),
    anonymous: false,
    clock,
  });
}

/** A login by SCRAM. */
function logIn(
  authenticator: UserAuthenticator,
  name: string,
  password: string,
  address: string,
): Principal | null {
  const client = new ScramClient(name, password);
  const exchange = authenticator.startScram(address);
  const last = client.finalMessage(exchange.start(client.firstMessage));
  try {
    return exchange.finish(last).principal;
  } catch (error) {
    expect(error).toMatchObject({ code: 'not-authenticated' });
    return null;
  }
}

const bytes = (text: string) => Buffer.from(text);

describe('passwords', () => {
  let authenticator: UserAuthenticator;
  beforeAll(async () => {
    authenticator = await createAuthenticator(
      { name: 'alice', password: 'wonder', groups: ['clerks', 'shops'] },
      { name: 'bob', passwordHash: await hashPassword('builder', CHEAP) },
      { name: 'carol' },
    );
  });

  test('let their user in with the groups', async () => {
    const principal = await authenticator.password('alice', bytes('wonder'), AWAY);
    expect(principal).toEqual({ name: 'alice', groups: new Set(['clerks', 'shops']) });
    expect((await authenticator.password('bob', bytes('builder'), AWAY))?.name).toBe('bob');
  });

  test.each([
    ['a wrong password', 'alice', 'wonders'],
    ['an empty password', 'alice', ''],
    ['the password of another', 'alice', 'builder'],
    ['an unknown user', 'mallory', 'wonder'],
    ['a name in another case', 'Alice', 'wonder'],
    ['a user without a password', 'carol', ''],
    ['a name of the object prototype', '__proto__', 'x'],
  ])('refuse %s', async (_name, user, password) => {
    expect(await authenticator.password(user, bytes(password), HERE)).toBeNull();
    expect(await authenticator.password(user, bytes(password), HERE)).toBeNull();
  });

  test('are believed again from memory, and only the same ones', async () => {
    await authenticator.password('alice', bytes('wonder'), AWAY);
    const started = process.hrtime.bigint();
    for (let index = 0; index < 100; index++) {
      expect(await authenticator.password('alice', bytes('wonder'), AWAY)).not.toBeNull();
    }
    // One hash takes tens of milliseconds: a hundred would take seconds.
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1000);
    expect(await authenticator.password('alice', bytes('wonderx'), AWAY)).toBeNull();
  });

  test('that arrive together are computed once', async () => {
    clock.now += 120_000;
    const logins = Array.from({ length: 2000 }, () =>
      authenticator.password('alice', bytes('wonder'), AWAY),
    );
    expect((await Promise.all(logins)).every((principal) => principal?.name === 'alice')).toBe(
      true,
    );
  });

  test('are copied: the input may be reused', async () => {
    clock.now += 120_000;
    const password = bytes('wonder');
    const login = authenticator.password('alice', password, AWAY);
    password.fill(0);
    expect(await login).not.toBeNull();
  });

  test('beyond the bound are refused as busy instead of piling up', async () => {
    const attempts = Array.from({ length: 2000 }, (_unused, index) =>
      authenticator.password('bob', bytes(`guess ${index}`), AWAY).catch((error) => error.code),
    );
    const results = await Promise.all(attempts);
    expect(results).toContain('server-busy');
    expect(results.filter((result) => result === null).length).toBeGreaterThanOrEqual(128);
  });
});

test('hundreds of plain passwords do not hold up the start', async () => {
  const users = Array.from({ length: 200 }, (_unused, index) => ({
    name: `user-${index}`,
    password: `password-${index}`,
  }));
  const directory = await UserDirectory.create(users);
  expect(directory.get('user-7')?.hash?.cost.logN).toBe(10);
  const authenticator = new UserAuthenticator({ users: directory, anonymous: false, clock });
  expect(await authenticator.password('user-7', bytes('password-7'), AWAY)).not.toBeNull();
  expect(await authenticator.password('user-7', bytes('password-8'), AWAY)).toBeNull();
});

describe('the stock password', () => {
  test.each<[string, () => Promise<UserDefinition>]>([
    ['in plain text', async () => ({ name: 'admin', password: 'admin' })],
    ['hashed', async () => ({ name: 'admin', passwordHash: await hashPassword('admin', CHEAP) })],
  ])('%s is accepted from this machine only', async (_name, define) => {
    const authenticator = await createAuthenticator(await define());
    for (const address of [HERE, '::1', '::ffff:127.0.0.1', '127.8.8.8']) {
      expect(await authenticator.password('admin', bytes('admin'), address)).not.toBeNull();
    }
    for (const address of [AWAY, '::ffff:192.0.2.7', '2001:db8::1', 'unknown', '']) {
      expect(await authenticator.password('admin', bytes('admin'), address)).toBeNull();
    }
  });

  test('with SCRAM as well', async () => {
    const scram = formatScramKeys(await deriveScramKeys('admin'));
    for (const user of [
      { name: 'admin', password: 'admin' },
      { name: 'admin', scram },
    ]) {
      const authenticator = await createAuthenticator(user);
      expect(logIn(authenticator, 'admin', 'admin', HERE)?.name).toBe('admin');
      expect(logIn(authenticator, 'admin', 'admin', AWAY)).toBeNull();
    }
  });

  test('is an ordinary one for others, and so is another one for admin', async () => {
    const authenticator = await createAuthenticator(
      { name: 'admin', password: 'better' },
      { name: 'administrator', password: 'admin' },
    );
    expect(await authenticator.password('admin', bytes('better'), AWAY)).not.toBeNull();
    expect(await authenticator.password('administrator', bytes('admin'), AWAY)).not.toBeNull();
  });
});

describe('SCRAM', () => {
  test('keys come from a plain password or from stored keys', async () => {
    const keys = await deriveScramKeys('pencil', Buffer.alloc(16, 7), 5000);
    const authenticator = await createAuthenticator(
      { name: 'alice', password: 'wonder', groups: ['clerks'] },
      { name: 'bob', scram: formatScramKeys(keys) },
      { name: 'carol', passwordHash: await hashPassword('x', CHEAP) },
    );
    const alice = logIn(authenticator, 'alice', 'wonder', AWAY);
    expect(alice?.groups).toEqual(new Set(['clerks']));
    expect(logIn(authenticator, 'alice', 'wander', AWAY)).toBeNull();
    expect(logIn(authenticator, 'bob', 'pencil', AWAY)?.name).toBe('bob');
    expect(logIn(authenticator, 'carol', 'x', AWAY)).toBeNull();
    expect(logIn(authenticator, 'mallory', 'pencil', AWAY)).toBeNull();
  });

  test('has a new nonce for each login', async () => {
    const authenticator = await createAuthenticator({ name: 'alice', password: 'wonder' });
    const { firstMessage } = new ScramClient('alice', 'wonder');
    const nonces = [1, 2].map(() => authenticator.startScram(AWAY).start(firstMessage).toString());
    expect(nonces[0]).not.toBe(nonces[1]);
  });
});

describe('client certificates', () => {
  test('name a user by common name or distinguished name', async () => {
    const authenticator = await createAuthenticator(
      { name: 'shop-1', groups: ['shops'] },
      { name: 'shop-2', certificate: 'CN=till,O=Example' },
      { name: 'till' },
    );
    const find = (commonName: string, distinguishedName: string) =>
      authenticator.certificate({ commonName, distinguishedName })?.name;
    expect(find('shop-1', 'CN=shop-1,O=Example')).toBe('shop-1');
    expect(find('till', 'CN=till,O=Example')).toBe('shop-2');
    expect(find('till', 'CN=till,O=Elsewhere')).toBe('till');
    expect(find('shop-2', 'CN=shop-2')).toBeUndefined();
    expect(find('', '')).toBeUndefined();
  });
});

import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type ScramCredential, ScramServer } from './scram-server.js';

const NONCE = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const NAMES = new Map([
  ['user', 'pencil'],
  ['a,b=c', 'secret'],
]);

function credentialOf(name: string): ScramCredential | null {
  const password = NAMES.get(name);
  if (password === undefined) return null;
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  return {
    salt,
    iterations: 4096,
    storedKey: createHash('sha256').update(clientKey).digest(),
    serverKey: createHmac('sha256', salted).update('Server Key').digest(),
    principal: { name, groups: new Set() },
  };
}

function exchange(): ScramServer {
  return new ScramServer(credentialOf, NONCE);
}

/** The client's side, written down from RFC 5802, 3. */
function proofOf(
  password: string,
  serverFirst: string,
  bare: string,
  withoutProof: string,
): string {
  const [, salt, iterations] = /s=([^,]+),i=(\d+)/.exec(serverFirst)!;
  const key = Buffer.from(salt!, 'base64');
  const salted = pbkdf2Sync(password, key, Number(iterations), 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest();
  const message = `${bare},${serverFirst},${withoutProof}`;
  const signature = createHmac('sha256', storedKey).update(message).digest();
  return Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString('base64');
}

function converse(name: string, password: string, header = 'n,,'): string {
  const server = exchange();
  const bare = `n=${name},r=abc`;
  const serverFirst = server.start(Buffer.from(header + bare)).toString();
  const nonce = /r=([^,]+)/.exec(serverFirst)![1];
  const withoutProof = `c=${Buffer.from(header).toString('base64')},r=${nonce}`;
  const proof = proofOf(password, serverFirst, bare, withoutProof);
  return server.finish(Buffer.from(`${withoutProof},p=${proof}`)).principal.name;
}

const refusal = expect.objectContaining({ code: 'not-authenticated' });

test('the example of RFC 7677, 3', () => {
  const server = exchange();
  const serverFirst = server.start(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'));
  expect(serverFirst.toString()).toBe(
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  );
  const { principal, serverFinal } = server.finish(
    Buffer.from(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
        'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    ),
  );
  expect(principal.name).toBe('user');
  expect(serverFinal.toString()).toBe('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

describe('a conversation', () => {
  test('with other headers', () => {
    expect(converse('user', 'pencil')).toBe('user');
    expect(converse('user', 'pencil', 'y,,')).toBe('user');
    expect(converse('user', 'pencil', 'n,a=user,')).toBe('user');
    expect(converse('a=2Cb=3Dc', 'secret')).toBe('a,b=c');
  });

  test('with a wrong password', () => {
    expect(() => converse('user', 'pen')).toThrow(refusal);
  });

  test('of a user who does not exist gets as far, with the same salt each time', () => {
    expect(() => converse('nobody', 'x')).toThrow(refusal);
    const first = exchange().start(Buffer.from('n,,n=nobody,r=a')).toString();
    expect(exchange().start(Buffer.from('n,,n=nobody,r=a')).toString()).toBe(first);
    expect(exchange().start(Buffer.from('n,,n=other,r=a')).toString()).not.toBe(first);
  });
});

describe('the first message', () => {
  test.each([
    ['nothing', ''],
    ['channel binding', 'p=tls-unique,,n=user,r=a'],
    ['no header', 'n=user,r=a'],
    ['a mandatory extension', 'n,,m=x,n=user,r=a'],
    ['no nonce', 'n,,n=user,r='],
    ['a nonce with a space', 'n,,n=user,r=a b'],
    ['another identity', 'n,a=admin,n=user,r=a'],
    ['a name that is not encoded', 'n,,n=us=er,r=a'],
    ['a name with a wrong escape', 'n,,n=us=2cer,r=a'],
  ])('%s is refused', (_, message) => {
    expect(() => exchange().start(Buffer.from(message))).toThrow(refusal);
  });

  test('that is not UTF-8 is refused', () => {
    const bytes = Buffer.concat([Buffer.from('n,,n='), Buffer.of(0xff), Buffer.from(',r=a')]);
    expect(() => exchange().start(bytes)).toThrow(refusal);
  });
});

describe('the last message', () => {
  const nonce = `abc${NONCE}`;

  test.each([
    ['nothing', ''],
    ['another nonce', 'c=biws,r=abc,p=AAAA'],
    ['another header', `c=eSws,r=${nonce},p=AAAA`],
    ['a short proof', `c=biws,r=${nonce},p=AAAA`],
    ['no proof', `c=biws,r=${nonce}`],
    ['a proof that is not base64', `c=biws,r=${nonce},p=*`],
  ])('%s is refused', (_, message) => {
    const server = exchange();
    server.start(Buffer.from('n,,n=user,r=abc'));
    expect(() => server.finish(Buffer.from(message))).toThrow(refusal);
  });

  test('without a first one is refused', () => {
    expect(() => exchange().finish(Buffer.from('c=biws,r=a,p=AAAA'))).toThrow(refusal);
  });
});

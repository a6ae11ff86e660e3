import { afterEach, describe, expect, test } from 'vitest';
import { USER, useRunningBroker } from './running-broker.js';
import { bodiesOf, type Headers, StompPeer } from './stomp-client.js';

const broker = useRunningBroker();
const peers: StompPeer[] = [];
const LOGIN: Headers = { login: USER.username, passcode: USER.password };

afterEach(() => {
  for (const peer of peers.splice(0)) peer.drop();
});

const VERSIONS = ['1.0', '1.1', '1.2'];
const NUMBERS = Array.from({ length: 300 }, (_, index) => String(index));

async function open(
  version = '1.2',
  over: 'tcp' | 'tls' | 'webSocket' = 'tcp',
): Promise<StompPeer> {
  const port = broker.port(over === 'tcp' ? 'stomp' : over === 'tls' ? 'stomps' : 'ws');
  const peer = await StompPeer.open({
    port,
    ...(over === 'webSocket' ? { over } : {}),
    ...(over === 'tls' ? { authority: broker.authority } : {}),
    headers: { ...LOGIN, 'accept-version': version },
  });
  peers.push(peer);
  return peer;
}

function queue(): string {
  return `/queue/${broker.name('stompit.')}`;
}

describe.each(VERSIONS)('stompit, STOMP %s', (version) => {
  test('pipelined messages with receipts arrive in order, once', async () => {
    const destination = queue();
    const writer = await open(version);
    await Promise.all(NUMBERS.map((number) => writer.send({ destination }, number)));
    await writer.send({ destination }, 'end');
    const reader = await open(version);
    await reader.subscribe(destination);
    const received = await reader.inbox.takeUntil(({ body }) => body.toString() === 'end');
    expect(bodiesOf(received)).toEqual([...NUMBERS, 'end']);
  });

  test('ack mode client acknowledges all before, client-individual only the one', async () => {
    for (const ack of ['client', 'client-individual']) {
      const destination = queue();
      const writer = await open(version);
      for (const text of ['a', 'b', 'c']) await writer.send({ destination }, text);
      const first = await open(version);
      await first.subscribe(destination, { ack });
      const received = await first.inbox.take(3);
      await first.ack(received[1]!);
      await first.close();
      const second = await open(version);
      await second.subscribe(destination, { ack });
      await writer.send({ destination }, 'end');
      const rest = await second.inbox.takeUntil(({ body }) => body.toString() === 'end');
      expect(bodiesOf(rest)).toEqual(ack === 'client' ? ['c', 'end'] : ['a', 'c', 'end']);
      expect(rest.map(({ headers }) => headers.redelivered)).toEqual(
        rest.map(({ body }) => (body.toString() === 'end' ? undefined : 'true')),
      );
    }
  });

  test('what a transaction sent comes all at once, or not at all', async () => {
    const destination = queue();
    const reader = await open(version);
    await reader.subscribe(destination);
    const writer = await open(version);
    await writer.send({ transaction: 'one' }, '', 'BEGIN');
    await writer.send({ destination, transaction: 'one' }, 'first');
    await writer.send({ destination, transaction: 'one' }, 'second');
    await writer.send({ transaction: 'two' }, '', 'BEGIN');
    await writer.send({ destination, transaction: 'two' }, 'never');
    await writer.send({ transaction: 'two' }, '', 'ABORT');
    await writer.send({ destination }, 'outside');
    await writer.send({ transaction: 'one' }, '', 'COMMIT');
    expect(bodiesOf(await reader.inbox.take(3))).toEqual(['outside', 'first', 'second']);
  });

  test('an acknowledgement in a transaction that is aborted did not happen', async () => {
    const destination = queue();
    const writer = await open(version);
    await writer.send({ destination }, 'again');
    const first = await open(version);
    await first.subscribe(destination, { ack: 'client-individual' });
    const message = await first.inbox.next();
    await first.send({ transaction: 'one' }, '', 'BEGIN');
    await first.ack(message, { transaction: 'one' });
    await first.send({ transaction: 'one' }, '', 'ABORT');
    await first.close();
    const second = await open(version);
    await second.subscribe(destination, { ack: 'client-individual' });
    const again = await second.inbox.next();
    expect(again.body.toString()).toBe('again');
    await second.send({ transaction: 'two' }, '', 'BEGIN');
    await second.ack(again, { transaction: 'two' });
    await second.send({ transaction: 'two' }, '', 'COMMIT');
    await second.close();
    await writer.send({ destination }, 'end');
    const third = await open(version);
    await third.subscribe(destination);
    expect(bodiesOf([await third.inbox.next()])).toEqual(['end']);
  });

  test('a wrong passcode is refused', async () => {
    const headers = { ...LOGIN, passcode: 'wrong', 'accept-version': version };
    const refused = StompPeer.open({ port: broker.port('stomp'), headers });
    await expect(refused).rejects.toThrow('login refused');
  });
});

test('nobody but the broker sends below $SYS', async () => {
  const peer = await open();
  await peer.subscribe('/topic/$SYS.broker.version', { 'activemq.retroactive': 'true' });
  expect(bodiesOf([await peer.inbox.next()])[0]).toMatch(/^causeway /);
  await expect(peer.send({ destination: '/topic/$SYS.broker.version' }, 'false')).rejects.toThrow();
});

test('a message that was given back comes to a consumer of any ack mode marked', async () => {
  const destination = queue();
  const writer = await open();
  await writer.send({ destination }, 'given back');
  const first = await open();
  await first.subscribe(destination, { ack: 'client' });
  await first.inbox.next();
  await first.close();
  const second = await open();
  await second.subscribe(destination, { ack: 'auto' });
  expect((await second.inbox.next()).headers.redelivered).toBe('true');
});

describe.each(['1.1', '1.2'])('stompit, NACK in STOMP %s', (version) => {
  test('delivers again, marked; a queue’s limit of attempts makes a dead letter', async () => {
    const destination = queue();
    const reader = await open(version);
    await reader.subscribe(destination, { ack: 'client-individual', 'prefetch-count': '1' });
    const writer = await open(version);
    await writer.send({ destination }, 'again');
    const first = await reader.inbox.next();
    expect(first.headers.redelivered).toBeUndefined();
    await reader.nack(first);
    const second = await reader.inbox.next();
    expect(second.body.toString()).toBe('again');
    expect(second.headers.redelivered).toBe('true');
    await reader.ack(second);
  });
});

describe.each(['tcp', 'tls', 'webSocket'] as const)('stompit over %s', (over) => {
  test('text and binary bodies of any size', async () => {
    const destination = queue();
    const peer = await open('1.2', over);
    await peer.subscribe(destination);
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    for (const body of [Buffer.alloc(0), Buffer.from('ä €\n'), every, Buffer.alloc(1 << 20, 7)]) {
      await peer.send({ destination }, body);
      expect((await peer.inbox.next()).body.equals(body)).toBe(true);
    }
  });

  test('headers with colons, line feeds and backslashes arrive as they were sent', async () => {
    const destination = queue();
    const peer = await open('1.2', over);
    await peer.subscribe(destination);
    const headers = { 'a:b': 'c:d', lines: 'one\ntwo\r', back: '\\n', unicode: 'ä €', empty: '' };
    await peer.send({ destination, ...headers });
    expect((await peer.inbox.next()).headers).toMatchObject(headers);
  });
});

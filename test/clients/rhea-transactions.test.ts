import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AmqpPeer } from './amqp-client.js';
import { AmqpController } from './amqp-controller.js';
import { useAmqpServer } from './amqp-fixture.js';

const TIMEOUT_MS = 5 * 60_000;
const fixture = useAmqpServer();
const { open, queue } = fixture;

// The library complains of each coordinator and outcome that it does not know.
beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterAll(() => {
  vi.restoreAllMocks();
});

const NUMBERS = Array.from({ length: 20 }, (_, index) => String(index));

/** Everything in a queue, for a client of its own, with how often it was delivered in vain. */
async function contents(address: string): Promise<[unknown, number][]> {
  const peer = await open();
  const receiver = await peer.receiver({ source: address, credit_window: 0 });
  receiver.link.add_credit(100);
  await receiver.drain();
  const arrivals = await receiver.inbox.take(receiver.inbox.waiting);
  peer.drop();
  return arrivals.map(({ message }) => [message.body, message.delivery_count ?? 0]);
}

async function filled(...bodies: string[]): Promise<string> {
  const address = queue();
  const sender = await (await open()).sender(address);
  await Promise.all(bodies.map((body) => sender.send(body)));
  return address;
}

/** Takes what is in one queue and sends it to another, in one transaction. */
async function moved(
  peer: AmqpPeer,
  from: string,
  to: string,
  settle: boolean,
): Promise<{ controller: AmqpController; txnId: Buffer }> {
  const controller = await AmqpController.attach(peer);
  const txnId = await controller.declare();
  const receiver = await peer.receiver(from, peer.session());
  const sender = await peer.sender(to);
  for (const { message, delivery } of await receiver.inbox.take(NUMBERS.length)) {
    // In this order: the library writes for one session after the other.
    controller.accept(delivery, txnId, settle);
    expect(await controller.send(sender, { body: message.body, durable: true }, txnId)).toBe(true);
  }
  return { controller, txnId };
}

describe.each([
  ['the client settles', true],
  ['the broker settles', false],
])('rhea, where %s', (_, settle) => {
  test('moves messages from queue to queue with a commit', async () => {
    const [from, to] = [await filled(...NUMBERS), queue()];
    const peer = await open();
    const { controller, txnId } = await moved(peer, from, to, settle);
    expect(await contents(to)).toEqual([]);
    expect(await controller.commit(txnId)).toBeUndefined();
    peer.drop();
    expect(await contents(from)).toEqual([]);
    expect(await contents(to)).toEqual(NUMBERS.map((number) => [number, 0]));
  });

  test('leaves them where they were with a rollback', async () => {
    const [from, to] = [await filled(...NUMBERS), queue()];
    const peer = await open();
    const { controller, txnId } = await moved(peer, from, to, settle);
    expect(await controller.rollback(txnId)).toBeUndefined();
    await peer.close();
    expect(await contents(to)).toEqual([]);
    const left = await contents(from);
    expect(left.map(([body]) => body)).toEqual(NUMBERS);
    // What the client has settled was not done: its delivery has failed (4.4.4.2).
    if (settle) expect(new Set(left.map(([, failures]) => failures))).toEqual(new Set([1]));
  });

  test('leaves them where they were without a connection', async () => {
    const [from, to] = [await filled(...NUMBERS), queue()];
    const peer = await open();
    await moved(peer, from, to, settle);
    peer.drop();
    expect(await contents(to)).toEqual([]);
    await expect.poll(async () => (await contents(from)).map(([body]) => body)).toEqual(NUMBERS);
  });

  test('hears that a transaction took too long, and does it again', async () => {
    const [from, to] = [await filled(...NUMBERS), queue()];
    const peer = await open();
    const { controller, txnId } = await moved(peer, from, to, settle);
    fixture.server.skip(TIMEOUT_MS);
    expect(await controller.commit(txnId)).toBe('amqp:transaction:timeout');
    expect(await controller.commit(txnId)).toBe('amqp:transaction:unknown-id');
    peer.drop();
    expect(await contents(to)).toEqual([]);
    const second = await open();
    const again = await moved(second, from, to, settle);
    expect(await again.controller.commit(again.txnId)).toBeUndefined();
    second.drop();
    expect((await contents(to)).map(([body]) => body)).toEqual(NUMBERS);
    expect(await contents(from)).toEqual([]);
  });
});

test('rhea works in several transactions at a time', async () => {
  const address = queue();
  const peer = await open();
  const sender = await peer.sender(address);
  const controller = await AmqpController.attach(peer);
  const [first, second] = [await controller.declare(), await controller.declare()];
  await Promise.all([
    controller.send(sender, 'first', first),
    controller.send(sender, 'second', second),
    sender.send('neither'),
  ]);
  expect(await controller.rollback(second)).toBeUndefined();
  expect(await controller.commit(first)).toBeUndefined();
  peer.drop();
  expect((await contents(address)).map(([body]) => body)).toEqual(['neither', 'first']);
});

test('what was committed is there after a restart, what was not is not', async () => {
  const [kept, lost] = [queue(), queue()];
  const peer = await open();
  const controller = await AmqpController.attach(peer);
  const [first, second] = [await controller.declare(), await controller.declare()];
  await controller.send(await peer.sender(kept), 'kept', first);
  await controller.send(await peer.sender(lost), 'lost', second);
  expect(await controller.commit(first)).toBeUndefined();
  await fixture.server.restart();
  expect([await contents(kept), await contents(lost)]).toEqual([[['kept', 0]], []]);
});

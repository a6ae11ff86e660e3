import { Message } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../support/raw-amqp.js';
import { useAmqpServer } from '../support/raw-amqp-fixture.js';
import { amqp } from '../support/raw-amqp-frames.js';
import { encodeMessage, text } from '../support/raw-amqp-message.js';
import { DescribedValue } from '../support/raw-amqp-values.js';
import { useBystander } from './amqp-bystander.js';

const PARTIAL_BYTES_MAX = 1024 * 1024;
const TRANSACTIONS_MAX = 4;
const OPERATIONS_MAX = 10;
const TEMPORARY_MAX = 5;
const fixture = useAmqpServer({
  limits: {
    partialMessageBytesMax: PARTIAL_BYTES_MAX,
    transactionsPerConnectionMax: TRANSACTIONS_MAX,
    transactionOperationsMax: OPERATIONS_MAX,
    temporaryQueuesPerConnectionMax: TEMPORARY_MAX,
    linksSuspendedMax: 10,
  },
});
useBystander(fixture);
const { fill, name, session } = fixture;

const UINT_MAX = 0xffff_ffff;
/** As of a newer broker, whose messages are still there. */
const UNKNOWN_FORMAT = 99;
const RESOURCE_LIMIT = 'amqp:resource-limit-exceeded';
const accepted = { role: true, settled: true, state: { kind: 'accepted' } } as const;

/** A client that has these messages and has settled none. */
async function holding(queue: string, ...bodies: readonly string[]): Promise<RawAmqp> {
  await fill(queue, ...bodies.map((body) => text(body)));
  const client = await session();
  await client.attachReceiver(queue);
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: bodies.length }));
  await client.take(bodies.length);
  return client;
}

/** What is in a queue that nobody reads. */
async function left(queue: string): Promise<string[]> {
  const client = await session();
  const source = { address: queue, distributionMode: 'copy' };
  await client.attachReceiver(queue, { source });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1000, drain: true }));
  const bodies: string[] = [];
  let frame = await client.next();
  while (frame.kind === 'transfer') {
    bodies.push(/[a-z]+$/.exec(frame.payload.toString('latin1'))![0]);
    frame = await client.next();
  }
  return bodies;
}

describe('a disposition', () => {
  test.each([
    ['half of all ids, from the first', 0, 0x7fff_ffff],
    ['half of all ids, up to the last', 0x8000_0002, 2],
    ['all ids before those that were given', 0x8000_0000, UINT_MAX],
    ['ids that come later', 3, 0x7fff_0000],
    ['ids that end before they begin', 2, 0],
    ['all ids at once', 0, UINT_MAX],
    ['all ids at once, the other way around', UINT_MAX, 0],
  ])('of %s settles what there is within it', async (_, first, last) => {
    const queue = name('queue');
    const client = await holding(queue, 'a', 'b', 'c');
    client.send(amqp.disposition({ ...accepted, first, last }));
    client.send(amqp.disposition({ role: false, first, last, settled: true }));
    await client.expectSilence();
    await client.drop();
    const within = [0, 1, 2].filter((id) => ((id - first) | 0) >= 0 && ((last - id) | 0) >= 0);
    const whole = ((last - first) | 0) >= 0 ? within : [];
    expect(await left(queue)).toEqual(['a', 'b', 'c'].filter((_, id) => !whole.includes(id)));
  });

  test('is the last word on a delivery, whatever is said of it later', async () => {
    const queue = name('queue');
    const client = await holding(queue, 'a', 'b', 'c');
    client.send(amqp.disposition({ ...accepted, first: 1 }));
    for (const kind of ['released', 'rejected', 'modified'] as const) {
      client.send(amqp.disposition({ ...accepted, first: 1, state: { kind } }));
    }
    await client.expectSilence();
    await client.drop();
    expect(await left(queue)).toEqual(['a', 'c']);
    expect(await left('DLQ')).toEqual([]);
  });

  test('of ids from long ago does not reach those of today', async () => {
    const queue = name('queue');
    const sender = await session();
    await sender.attachSender(queue);
    const client = await session();
    await client.attachReceiver(queue);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: UINT_MAX }));
    const count = 900;
    for (let id = 0; id < count; id++) {
      sender.send(
        amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, settled: true }, text('x')),
      );
    }
    // Of every ten, the last is kept.
    for (let id = 0; id < count; id++) {
      await client.expect('transfer', { deliveryId: id });
      if (id % 10 !== 9) client.send(amqp.disposition({ ...accepted, first: id }));
    }
    const state = { kind: 'rejected' } as const;
    for (let id = 0; id < count; id += 10) {
      client.send(amqp.disposition({ ...accepted, first: id, last: id + 8, state }));
    }
    await client.expectSilence();
    await client.drop();
    expect(await left(queue)).toHaveLength(count / 10);
    expect(await left('DLQ')).toEqual([]);
  });

  test('in the wrong role means nothing', async () => {
    const queue = name('queue');
    const client = await holding(queue, 'a');
    client.send(amqp.disposition({ ...accepted, role: false, first: 0, last: UINT_MAX }));
    await client.expectSilence();
    await client.drop();
    expect(await left(queue)).toEqual(['a']);
  });

  test('of all ids in a transaction holds what there is', async () => {
    const queue = name('queue');
    const client = await holding(queue, 'a', 'b');
    const txnId = await declare(client, 1);
    const outcome = { kind: 'accepted' } as const;
    const state = { kind: 'transactionalState', txnId, outcome } as const;
    for (let round = 0; round < 100; round++) {
      client.send(amqp.disposition({ ...accepted, first: 0, last: 0x7fff_ffff, state }));
    }
    await client.expectSilence();
    await client.drop();
    expect(await left(queue)).toHaveLength(2);
  });
});

describe('credit', () => {
  test.each([1, 1000, 0x7fff_ffff, UINT_MAX])('of %d is drained at once', async (linkCredit) => {
    const client = await session();
    await client.attachReceiver(name('queue'));
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit, drain: true }));
    await client.expect('flow', { handle: 0, deliveryCount: linkCredit, linkCredit: 0 });
  });

  test('that is drained again and again is answered each time', async () => {
    const client = await session();
    await client.attachReceiver(name('queue'));
    let deliveryCount = 0;
    for (let round = 0; round < 500; round++) {
      const linkCredit = 0x7fff_ffff;
      client.send(amqp.flow({ handle: 0, deliveryCount, linkCredit, drain: true }));
      deliveryCount = (deliveryCount + linkCredit) % 2 ** 32;
      await client.expect('flow', { handle: 0, deliveryCount, linkCredit: 0 });
    }
  });

  test('and windows at their limits make nothing overflow', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await session({ nextOutgoingId: UINT_MAX, incomingWindow: UINT_MAX });
    await client.attachReceiver(queue);
    const most = { incomingWindow: UINT_MAX, outgoingWindow: UINT_MAX, linkCredit: UINT_MAX };
    for (const nextIncomingId of [UINT_MAX, 0x8000_0000, 0x7fff_ffff, 0]) {
      for (const deliveryCount of [0x7fff_ffff, 0x8000_0000, UINT_MAX]) {
        client.send(amqp.flow({ ...most, handle: 0, nextIncomingId, deliveryCount, echo: true }));
      }
    }
    client.send(amqp.flow({ ...most, handle: 0, deliveryCount: 0 }));
    let frame = await client.next();
    while (frame.kind === 'flow') frame = await client.next();
    expect(frame).toMatchObject({ kind: 'transfer', deliveryId: 0 });
  });
});

describe('links', () => {
  test('that are attached and detached without end leave nothing', async () => {
    const client = await session();
    const queue = name('queue');
    for (let round = 0; round < 2000; round++) {
      const role = round % 2 === 0;
      const terminus = { address: queue };
      const ends = role ? { source: terminus, target: {} } : { source: {}, target: terminus };
      client.send(amqp.attach({ name: `${round}`, role, ...ends, initialDeliveryCount: 0 }));
      client.send(amqp.detach({ closed: round % 3 === 0 }));
    }
    for (let detached = 0; detached < 2000; ) {
      const { kind } = await client.next();
      if (kind === 'detach') detached++;
    }
    const [found] = [...fixture.server.broker.queues.values()].filter(({ name }) => name === queue);
    expect(found!.consumers).toEqual([]);
  });

  test('of one name take over from each other, however many there are', async () => {
    const client = await session();
    const queue = name('queue');
    const ends = { source: { address: queue }, target: {} };
    for (let handle = 0; handle < 200; handle++) {
      client.send(amqp.attach({ name: 'same', handle, role: true, ...ends }));
    }
    const kinds: string[] = [];
    while (kinds.length < 399) {
      const { kind, error } = await client.next();
      kinds.push(kind);
      if (kind === 'detach') expect(error.condition).toBe('amqp:link:stolen');
    }
    expect(kinds.filter((kind) => kind === 'attach')).toHaveLength(200);
    await client.expectSilence();
  });

  test('that were detached with deliveries are kept up to a limit, and then give them back', async () => {
    const queue = name('queue');
    const count = 20;
    await fill(queue, ...Array.from({ length: count }, () => text('x')));
    const client = await session();
    const source = { address: queue, expiryPolicy: 'never' };
    for (let id = 0; id < count; id++) {
      await client.attachReceiver(queue, { name: `link ${id}`, source });
      client.send(amqp.flow({ handle: 0, nextIncomingId: id, deliveryCount: 0, linkCredit: 1 }));
      await client.expect('transfer', { deliveryId: id });
      client.send(amqp.detach());
      let { kind } = await client.next();
      while (kind !== 'detach') ({ kind } = await client.next());
    }
    const reader = await session();
    await reader.attachReceiver(queue);
    reader.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: count, drain: true }));
    for (let id = 0; id < count - 10; id++) await reader.expect('transfer', { deliveryId: id });
    await reader.expect('flow', { linkCredit: 0 });
  });

  test('make no more nodes of their own than one connection may have', async () => {
    const client = await session();
    for (let handle = 0; handle <= TEMPORARY_MAX; handle++) {
      client.send(
        amqp.attach({
          name: `${handle}`,
          handle,
          role: true,
          source: { dynamic: true },
          target: {},
        }),
      );
      const { source } = await client.expect('attach', { role: false });
      if (source === undefined) await client.expectDetach(RESOURCE_LIMIT, handle);
      expect(source !== undefined).toBe(handle < TEMPORARY_MAX);
    }
  });
});

describe('messages', () => {
  test('that never end are bounded by what one connection may keep', async () => {
    const client = await session();
    const queue = name('queue');
    const part = Buffer.alloc(100_000);
    for (let handle = 0; handle <= PARTIAL_BYTES_MAX / part.length; handle++) {
      await client.attachSender(queue, { name: `${handle}`, handle });
      const ids = { handle, deliveryId: handle, deliveryTag: 'a' };
      client.send(amqp.transfer({ ...ids, more: true }, part));
    }
    await client.expectClose(RESOURCE_LIMIT);
  });

  test('of nothing, again and again, never end and do no harm', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }));
    for (let count = 0; count < 5000; count++) client.send(amqp.transfer({ more: true }));
    client.send(amqp.transfer({}, text('at last')));
    let frame = await client.next();
    while (frame.kind === 'flow') frame = await client.next();
    expect(frame).toMatchObject({ kind: 'disposition', state: { kind: 'accepted' } });
  });

  test.each([
    ['', {}],
    [' that limits their size', { maxMessageSize: 1000 }],
    [' that settles nothing', { sndSettleMode: 1 }],
    [' that settles nothing and limits their size', { sndSettleMode: 1, maxMessageSize: 1000 }],
  ])('of a format that nobody knows stop at a receiver%s', async (_, fields) => {
    const queue = name('queue');
    const { broker } = fixture.server;
    const address = broker.addresses.queue(queue);
    const foreign = new Message(address, UNKNOWN_FORMAT, false, Buffer.from('x'), 0, 1, false);
    const client = await session();
    await client.attachReceiver(queue, fields);
    broker.publish(foreign);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 5 }));
    await client.expectSilence();
    await fill(queue, text('a'));
    await client.expect('transfer', { handle: 0 });
  });

  test('under one delivery-id and tag are as many as there are', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue);
    for (let count = 0; count < 3; count++) {
      client.send(amqp.transfer({ deliveryId: 7, deliveryTag: 'same' }, text('x')));
      await client.expect('disposition', { first: 7, state: { kind: 'accepted' } });
    }
    expect(await left(queue)).toEqual(['x', 'x', 'x']);
  });
});

describe('transactions', () => {
  test('are no more than one connection may have open', async () => {
    const client = await session();
    for (let count = 0; count < TRANSACTIONS_MAX; count++) await declare(client, 0);
    client.send(declaration(0, TRANSACTIONS_MAX));
    await expectRejected(client);
  });

  test('hold no more than they may', async () => {
    const client = await session();
    const queue = name('queue');
    const txnId = await declare(client, 0);
    await client.attachSender(queue, { handle: 1 });
    const state = { kind: 'transactionalState', txnId } as const;
    for (let id = 1; id <= OPERATIONS_MAX; id++) {
      const ids = { handle: 1, deliveryId: id, deliveryTag: 'a' };
      client.send(amqp.transfer({ ...ids, state }, text('x')));
      await client.expect('disposition', { state: { kind: 'transactionalState' } });
    }
    const ids = { handle: 1, deliveryId: OPERATIONS_MAX + 1, deliveryTag: 'a' };
    client.send(amqp.transfer({ ...ids, state }, text('x')));
    const outcome = { kind: 'rejected', error: { condition: RESOURCE_LIMIT } };
    await client.expect('disposition', { state: { ...state, outcome } });
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });
});

async function expectRejected(client: RawAmqp): Promise<void> {
  const { state } = await client.expect('disposition');
  expect(state).toMatchObject({ kind: 'rejected', error: { condition: RESOURCE_LIMIT } });
}

/** Deliveries that each client has made to coordinators. */
const declared = new WeakMap<RawAmqp, number>();

/** Declares a transaction on a coordinator link of that handle, which is attached for the first. */
async function declare(client: RawAmqp, handle: number): Promise<Buffer> {
  const deliveryId = declared.get(client) ?? 0;
  declared.set(client, deliveryId + 1);
  if (deliveryId === 0) {
    const target = { kind: 'coordinator' };
    const ends = { source: {}, target, initialDeliveryCount: 0 };
    client.send(amqp.attach({ name: 'coordinator', handle, role: false, ...ends }));
    await client.expect('attach', { role: true });
    await client.expect('flow', { handle });
  }
  client.send(declaration(handle, deliveryId));
  const { state } = await client.expect('disposition', { first: deliveryId });
  expect(state.kind).toBe('declared');
  return state.txnId;
}

function declaration(handle: number, deliveryId: number): Buffer {
  const message = encodeMessage({ value: new DescribedValue(0x31, []) });
  return amqp.transfer({ handle, deliveryId, deliveryTag: 'declare' }, message);
}

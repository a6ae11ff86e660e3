import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import {
  dischargeMessage,
  inTransaction,
  RawController,
} from '../../support/raw-amqp-controller.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';
import { type DescribedValue, decodeValues, type Value } from '../../support/raw-amqp-values.js';

const OPERATIONS_MAX = 8;
const PREFETCH = 12;
const TIMEOUT_MS = 5 * 60_000;
const fixture = useAmqpServer({
  limits: { transactionOperationsMax: OPERATIONS_MAX, prefetchMax: PREFETCH },
});
const { fill, name, session } = fixture;

const ROLLBACK = 'amqp:transaction:rollback';
const UNKNOWN = 'amqp:transaction:unknown-id';
const ACCEPTED = { kind: 'accepted' };
const LAST = 0xffff_ffff;

interface Receiver {
  readonly control: RawController;
  readonly client: RawAmqp;
  readonly txnId: Buffer;
  readonly queue: string;
}

/** A client that holds so many messages of a queue, received on handle 0. */
async function receiver(
  count: number,
  fields: FrameFields<'attach'> = {},
  linkCredit = count,
): Promise<Receiver> {
  const queue = name('queue');
  await fill(queue, ...Array.from({ length: count }, (_, index) => text(`${index}`)));
  const client = await session();
  await client.attachReceiver(queue, { ...fields, source: { address: queue, ...fields.source } });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit }));
  for (let index = 0; index < Math.min(count, linkCredit, PREFETCH); index++) {
    await client.expect('transfer', { handle: 0, deliveryId: index });
  }
  const control = await RawController.attach(client);
  return { control, client, queue, txnId: await control.declare() };
}

/** Says the outcome of deliveries. */
function outcome(
  first: number,
  fields: Omit<FrameFields<'disposition'>, 'first' | 'role'>,
): Buffer {
  return amqp.disposition({ role: true, first, ...fields });
}

/** What another client finds in a queue: texts, and how often their delivery has failed. */
async function left(queue: string): Promise<[string, number][]> {
  const client = await session();
  await client.attachReceiver(queue);
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 100, drain: true }));
  const found: [string, number][] = [];
  let frame = await client.next();
  for (; frame.kind === 'transfer'; frame = await client.next()) {
    const sections = decodeValues(frame.payload) as DescribedValue[];
    const header = sections.find(({ descriptor }) => descriptor === 0x70)?.value as Value[];
    found.push([`${sections.at(-1)!.value}`, Number(header?.[4] ?? 0)]);
  }
  expect(frame).toMatchObject({ kind: 'flow', linkCredit: 0 });
  return found;
}

describe('4.4.2 retirement', () => {
  test('4.4.2 an outcome is applied at the commit, and the delivery settled then', async () => {
    const { control, client, txnId, queue } = await receiver(1);
    const state = inTransaction(txnId, 'accepted');
    client.send(outcome(0, { state }));
    await client.expectSilence();
    const id = control.request(dischargeMessage(txnId));
    const settled = await client.expect('disposition', { role: false, first: 0, settled: true });
    expect(settled.state).toEqual({ kind: 'transactionalState', txnId, outcome: ACCEPTED });
    await control.expectState(id, ACCEPTED);
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test.each([
    ['accepted', 'accepted', []],
    ['released', 'released', [['0', 0]]],
    ['rejected', { kind: 'rejected', error: { condition: 'x:y' } }, []],
    ['modified, failed', { kind: 'modified', deliveryFailed: true }, [['0', 1]]],
    ['modified, undeliverable here', { kind: 'modified', undeliverableHere: true }, []],
  ] as const)('4.4.2 every outcome: %s', async (_, state, expected) => {
    const { control, client, txnId, queue } = await receiver(1);
    client.send(outcome(0, { settled: true, state: inTransaction(txnId, state) }));
    await control.commit(txnId);
    await client.drop();
    expect(await left(queue)).toEqual(expected);
  });

  test('4.4.2 a range of deliveries', async () => {
    const { control, client, txnId, queue } = await receiver(5);
    client.send(outcome(1, { last: 3, settled: true, state: inTransaction(txnId, 'accepted') }));
    await control.commit(txnId);
    await client.drop();
    expect((await left(queue)).map(([body]) => body)).toEqual(['0', '4']);
  });

  test('4.4.2 a range that goes round the world costs no more than there are deliveries', async () => {
    const { control, client, txnId, queue } = await receiver(3);
    const state = inTransaction(txnId, 'accepted');
    client.send(outcome(0, { last: LAST >>> 1, settled: true, state }));
    client.send(outcome(0, { last: LAST >>> 1, settled: true, state }));
    await control.commit(txnId);
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test('4.4.2 after a rollback a delivery is still live, and the client has it', async () => {
    const { control, client, txnId, queue } = await receiver(1);
    client.send(outcome(0, { state: inTransaction(txnId, 'accepted') }));
    await control.rollback(txnId);
    await client.expectSilence();
    // In a new transaction, and then without one.
    const second = await control.declare();
    client.send(outcome(0, { state: inTransaction(second, 'released') }));
    await control.rollback(second);
    client.send(outcome(0, { state: 'accepted' }));
    await client.expect('disposition', { role: false, first: 0, settled: true, state: ACCEPTED });
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test('4.4.2 after a commit that failed, or took too long, too', async () => {
    const { control, client, txnId, queue } = await receiver(2);
    const other = await control.declare();
    await client.attachSender(name(), { handle: 2 });
    client.send(outcome(0, { state: inTransaction(txnId, 'accepted') }));
    control.post(txnId, Buffer.from('no message'), { handle: 2, settled: true });
    client.send(outcome(1, { state: inTransaction(other, 'accepted') }));
    await control.refused(txnId, ROLLBACK);
    fixture.server.skip(TIMEOUT_MS);
    await control.refused(other, 'amqp:transaction:timeout');
    client.send(outcome(0, { last: 1, settled: true, state: 'accepted' }));
    await client.expectSilence();
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test('4.4.2 after the control link has gone, too', async () => {
    const { client, txnId, queue } = await receiver(1);
    client.send(outcome(0, { state: inTransaction(txnId, 'accepted') }));
    client.send(amqp.detach({ handle: 9, closed: true }));
    await client.expect('detach', { handle: 9 });
    client.send(outcome(0, { settled: true, state: 'accepted' }));
    await client.expectSilence();
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test('4.4.2 of several outcomes in one transaction, the last one counts', async () => {
    const { control, client, txnId, queue } = await receiver(2);
    client.send(outcome(0, { last: 1, state: inTransaction(txnId, 'released') }));
    client.send(outcome(1, { state: inTransaction(txnId, 'accepted') }));
    const id = control.request(dischargeMessage(txnId));
    await client.expect('disposition', { first: 0, state: { outcome: { kind: 'released' } } });
    await client.expect('disposition', { first: 1, state: { outcome: ACCEPTED } });
    await control.expectState(id, ACCEPTED);
    await client.drop();
    expect((await left(queue)).map(([body]) => body)).toEqual(['0']);
  });

  test('4.4.2 outcomes in two transactions end the control link of the second', async () => {
    const { control, client, txnId, queue } = await receiver(1);
    await client.begin({ channel: 1 });
    const other = await RawController.attach(client, { channel: 1 });
    const second = await other.declare();
    client.send(outcome(0, { state: inTransaction(txnId, 'accepted') }));
    client.send(outcome(0, { state: inTransaction(second, 'released') }));
    await client.expectDetach(ROLLBACK, 9, 1);
    client.send(outcome(0, { settled: true, state: inTransaction(txnId, 'accepted') }));
    await control.commit(txnId);
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test('4.4.2 a transaction without an outcome leaves the delivery as it is', async () => {
    const { control, client, txnId, queue } = await receiver(1);
    client.send(outcome(0, { state: inTransaction(txnId) }));
    await control.commit(txnId);
    await client.expectSilence();
    client.send(outcome(0, { settled: true, state: 'accepted' }));
    await client.expectSilence();
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test('4.4.2 4.5.8 outcomes in an unknown transaction end the links that they are for', async () => {
    const { control, client, txnId, queue } = await receiver(2);
    const state = inTransaction(Buffer.from('unheard'), 'accepted');
    // Nothing that is held: nothing happens.
    client.send(outcome(7, { state }));
    client.send(outcome(0, { state }));
    await client.expectDetach(UNKNOWN, 0);
    await control.commit(txnId);
    await client.close();
    expect((await left(queue)).map(([body]) => body)).toEqual(['0', '1']);
  });

  test('4.4.2 deliveries that the client has settled are not lost with their connection', async () => {
    const { client, txnId, queue } = await receiver(2);
    client.send(outcome(0, { settled: true, state: inTransaction(txnId, 'accepted') }));
    client.send(outcome(1, { state: inTransaction(txnId, 'accepted') }));
    await client.expectSilence();
    await client.drop();
    expect((await left(queue)).map(([body]) => body)).toEqual(['0', '1']);
  });

  test('4.4.2 2.6.13 a link is resumed with what was provisional', async () => {
    const source = { expiryPolicy: 'never', timeout: 60 };
    const queue = name('queue');
    await fill(queue, text('a'), text('b'));
    const containerId = name('container');
    const first = await fixture.connect({ containerId });
    await first.begin();
    const link = { name: 'resumed', source: { ...source, address: queue } };
    await first.attachReceiver(queue, link);
    first.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 2 }));
    const tags = (await first.take(2)).map(({ deliveryTag }) => deliveryTag.toString('latin1'));
    const control = await RawController.attach(first);
    const state = inTransaction(await control.declare(), 'accepted');
    first.send(outcome(0, { state }));
    await first.expectSilence();
    await first.drop();
    const second = await fixture.connect({ containerId });
    await second.begin();
    const unsettled = { [tags[0]!]: 'accepted', [tags[1]!]: 'accepted' };
    const attached = await second.attachReceiver(queue, { ...link, unsettled });
    expect(Object.keys(attached.unsettled)).toEqual(tags);
  });

  test.each([
    [1, 0],
    [0, 1],
  ])('4.4.2 2.6.13 so it is when its session ends, on handles %d and %d', async (own, control) => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await session();
    const link = { name: 'kept', source: { expiryPolicy: 'never', timeout: 60, address: queue } };
    const controller = await RawController.attach(client, { handle: control });
    await client.attachReceiver(queue, { ...link, handle: own });
    client.send(amqp.flow({ handle: own, deliveryCount: 0, linkCredit: 1 }));
    const tag = (await client.expect('transfer')).deliveryTag.toString('latin1');
    const state = inTransaction(await controller.declare(), 'accepted');
    client.send(outcome(0, { state }), amqp.end());
    await client.expect('end');
    await client.begin();
    const attached = await client.attachReceiver(queue, { ...link, unsettled: { [tag]: null } });
    expect(Object.keys(attached.unsettled)).toEqual([tag]);
    await client.expect('transfer', { deliveryId: 0, resume: true });
  });
});

describe('4.4.2 the bounds of a transaction', () => {
  test('4.4.2 more outcomes than it may hold spoil it, and nothing else', async () => {
    const { control, client, txnId, queue } = await receiver(OPERATIONS_MAX + 2);
    const state = inTransaction(txnId, 'accepted');
    client.send(outcome(0, { last: OPERATIONS_MAX + 1, state }));
    const { state: refusal } = await control.refused(txnId, ROLLBACK);
    expect(refusal.error.description).toContain('too many operations');
    // All of them are the client's still.
    client.send(outcome(0, { last: OPERATIONS_MAX + 1, settled: true, state: 'accepted' }));
    await client.expectSilence();
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test('4.4.4.2 more settled outcomes than it may hold: what cannot be applied is delivered again', async () => {
    const { control, client, txnId, queue } = await receiver(OPERATIONS_MAX + 2);
    const state = inTransaction(txnId, 'accepted');
    client.send(outcome(0, { last: OPERATIONS_MAX + 1, settled: true, state }));
    await control.rollback(txnId);
    await client.drop();
    expect(await left(queue)).toHaveLength(OPERATIONS_MAX + 2);
  });
});

describe('4.4.4.2 the controller settles', () => {
  test('4.4.4.2 after a commit nothing more is said of the delivery', async () => {
    const { control, client, txnId } = await receiver(1);
    client.send(outcome(0, { settled: true, state: inTransaction(txnId, 'accepted') }));
    await control.commit(txnId);
    await client.expectSilence();
  });

  test.each([
    ['accepted', 'accepted', []],
    ['released', 'released', [['0', 0]]],
    ['rejected', 'rejected', []],
    ['modified', { kind: 'modified', deliveryFailed: true }, [['0', 1]]],
    ['none: it has failed', undefined, [['0', 1]]],
  ] as const)(
    '4.4.4.2 3.5.3 after a rollback the default outcome is applied: %s',
    async (...row) => {
      const [, defaultOutcome, expected] = row;
      const { control, client, txnId, queue } = await receiver(1, { source: { defaultOutcome } });
      client.send(outcome(0, { settled: true, state: inTransaction(txnId, 'accepted') }));
      await control.rollback(txnId);
      await client.drop();
      expect(await left(queue)).toEqual(expected);
    },
  );

  test('4.4.4.2 after a rollback it is delivered again, to the same receiver if need be', async () => {
    const { control, client, txnId } = await receiver(1, {}, 2);
    client.send(outcome(0, { settled: true, state: inTransaction(txnId, 'accepted') }));
    const id = control.request(dischargeMessage(txnId, true));
    const frames = await client.take(2);
    const again = { kind: 'transfer', deliveryId: 1 };
    expect(frames).toContainEqual(expect.objectContaining(again));
    expect(frames).toContainEqual(expect.objectContaining({ first: id, state: ACCEPTED }));
  });

  test('4.4.4.2 an outcome is not needed to settle: the default one is applied by a commit', async () => {
    const source = { defaultOutcome: 'accepted' };
    const { control, client, txnId, queue } = await receiver(1, { source });
    client.send(outcome(0, { settled: true, state: inTransaction(txnId) }));
    await control.commit(txnId);
    await client.drop();
    expect(await left(queue)).toEqual([]);
  });

  test.each([
    ['in the transaction', true],
    ['without a word', false],
  ])('4.4.4.2 a delivery may be settled after its outcome was given, %s', async (_, inside) => {
    for (const end of ['commit', 'rollback'] as const) {
      const { control, client, txnId, queue } = await receiver(1);
      const state = inTransaction(txnId, 'accepted');
      client.send(outcome(0, { state }));
      client.send(outcome(0, { settled: true, state: inside ? state : undefined }));
      await control[end](txnId);
      await client.expectSilence();
      // Nothing is kept for the client, which cannot say anything of it any more.
      client.send(outcome(0, { settled: true, state: 'accepted' }));
      await client.expectSilence();
      expect(await left(queue)).toEqual(end === 'commit' ? [] : [['0', 1]]);
    }
  });
});

describe('2.6.7 credit that is held back', () => {
  const HELD_BACK = 3;

  test.each([
    ['a commit', 'commit', true],
    ['a commit, settled by the resource', 'commit', false],
    ['a rollback of what was settled', 'rollback', true],
  ] as const)('2.6.7 4.4.2 is given when deliveries are settled by %s', async (...row) => {
    const [, end, settled] = row;
    const count = PREFETCH + HELD_BACK;
    const { control, client, txnId } = await receiver(count, {}, 100);
    await client.expectSilence();
    client.send(outcome(0, { settled, state: inTransaction(txnId, 'accepted') }));
    client.send(outcome(1, { settled, state: inTransaction(txnId, 'accepted') }));
    await client.expectSilence();
    control.request(dischargeMessage(txnId, end === 'rollback'));
    const frames = await client.take(settled ? 3 : 5);
    const transfers = frames.filter(({ kind }) => kind === 'transfer');
    expect(transfers.map(({ deliveryId }) => deliveryId)).toEqual([PREFETCH, PREFETCH + 1]);
    await client.expectSilence();
  });
});

describe('4.4.3 transactional acquisition', () => {
  test('4.4.3 4.4.4.3 is not offered: the link ends, and the session goes on', async () => {
    const { control, client, txnId, queue } = await receiver(1, {}, 0);
    const flow = { handle: 0, deliveryCount: 0, linkCredit: 10 };
    client.send(amqp.flow({ ...flow, properties: { 'txn-id': Buffer.from('a00101', 'hex') } }));
    await client.expectDetach('amqp:not-implemented', 0);
    await control.commit(txnId);
    await client.close();
    expect(await left(queue)).toEqual([['0', 0]]);
  });
});

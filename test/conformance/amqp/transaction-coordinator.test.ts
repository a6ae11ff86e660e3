import { beforeAll, describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { encodeComposite } from '../../support/raw-amqp-composites.js';
import {
  DECLARE,
  dischargeMessage,
  inTransaction,
  RawController,
} from '../../support/raw-amqp-controller.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';
import { encodeMessage, text } from '../../support/raw-amqp-message.js';
import { binary, encodeValue } from '../../support/raw-amqp-values.js';

const TRANSACTIONS_MAX = 5;
const fixture = useAmqpServer({ limits: { transactionsPerConnectionMax: TRANSACTIONS_MAX } });
const { name, session } = fixture;

const UNKNOWN = 'amqp:transaction:unknown-id';
const ROLLBACK = 'amqp:transaction:rollback';
const REJECTED = { outcomes: ['amqp:accepted:list', 'amqp:rejected:list'] };
const NOT_REJECTED = { outcomes: ['amqp:accepted:list'] };

/** A session with a control link on handle 9 and a sender to a queue on handle 0. */
async function controller(
  queue: string,
  fields: Parameters<typeof RawController.attach>[1] = {},
): Promise<RawController> {
  const client = await session();
  await client.attachSender(queue);
  return RawController.attach(client, fields);
}

/** Everything that is in a queue, taken by a client of its own. */
async function contents(queue: string): Promise<string[]> {
  const client = await session();
  await client.attachReceiver(queue, { sndSettleMode: 1 });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 100, drain: true }));
  const found: string[] = [];
  let frame = await client.next();
  for (; frame.kind === 'transfer'; frame = await client.next()) {
    found.push(frame.payload.subarray(frame.payload.indexOf(0xa1) + 2).toString());
  }
  expect(frame).toMatchObject({ kind: 'flow', linkCredit: 0 });
  return found;
}

describe('the control link', () => {
  test('4.5.1 4.5.7 the coordinator says what it can do', async () => {
    const client = await session();
    const target = {
      kind: 'coordinator',
      capabilities: ['amqp:local-transactions', 'amqp:distributed-transactions'],
    };
    const fields = { name: 'txn', role: false, source: REJECTED, target, initialDeliveryCount: 0 };
    client.send(amqp.attach(fields));
    const attached = await client.expect('attach', { role: true, source: REJECTED });
    expect(attached.target).toEqual({
      kind: 'coordinator',
      capabilities: [
        'amqp:local-transactions',
        'amqp:multi-txns-per-ssn',
        'amqp:multi-ssns-per-txn',
      ],
    });
    const { linkCredit } = await client.expect('flow', { handle: 0 });
    expect(linkCredit).toBeGreaterThan(0);
  });

  test('4.1 it takes no transactional work', async () => {
    const control = await controller(name());
    const txnId = await control.declare();
    control.request(DECLARE, { state: inTransaction(txnId) });
    await control.client.expectDetach('amqp:not-allowed', 9);
  });

  test('4.1 a client has as many as it likes, and discharges on any of them', async () => {
    const queue = name('queue');
    const control = await controller(queue);
    const txnId = await control.declare();
    const { client } = control;
    await client.begin({ channel: 1 });
    const other = await RawController.attach(client, { channel: 1 });
    await control.posted(txnId, text('a'));
    await other.commit(txnId);
    expect(await contents(queue)).toEqual(['a']);
  });

  test('4.2 it cannot be resumed: what was declared on it is rolled back by a detach, too', async () => {
    const queue = name('queue');
    const control = await controller(queue);
    const txnId = await control.declare();
    await control.posted(txnId, text('a'));
    const { client } = control;
    client.send(amqp.detach({ handle: 9 }));
    await client.expect('detach', { handle: 9 });
    const again = await RawController.attach(client, { handle: 8, unsettled: {} });
    again.transfer(dischargeMessage(txnId), { handle: 8, deliveryId: 2 });
    await again.expectState(2, { kind: 'rejected', error: { condition: UNKNOWN } });
    expect(await contents(queue)).toEqual([]);
  });
});

describe('4.1 transactions that are not discharged are rolled back', () => {
  async function posted(): Promise<{ control: RawController; queue: string; txnId: Buffer }> {
    const queue = name('queue');
    const control = await controller(queue);
    const txnId = await control.declare();
    await control.posted(txnId, text('lost'));
    return { control, queue, txnId };
  }

  test('4.1 when their control link is closed', async () => {
    const { control, queue, txnId } = await posted();
    const { client } = control;
    client.send(amqp.detach({ handle: 9, closed: true }));
    await client.expect('detach', { handle: 9, closed: true });
    const late = control.post(txnId, text('late'));
    await control.expectState(late, { kind: 'rejected', error: { condition: UNKNOWN } });
    expect(await contents(queue)).toEqual([]);
  });

  test('4.1 but not those of another control link', async () => {
    const { control, queue } = await posted();
    const { client } = control;
    await client.begin({ channel: 1 });
    const other = await RawController.attach(client, { channel: 1 });
    const kept = await other.declare();
    client.send(amqp.detach({ handle: 9, closed: true }));
    await client.expect('detach', { handle: 9, closed: true });
    await control.posted(kept, text('kept'));
    await other.commit(kept);
    expect(await contents(queue)).toEqual(['kept']);
  });

  test('4.1 when its session ends', async () => {
    const { control, queue, txnId } = await posted();
    const { client } = control;
    await client.begin({ channel: 1 });
    const other = await RawController.attach(client, { channel: 1 });
    client.send(amqp.end());
    await client.expect('end');
    await other.refused(txnId, UNKNOWN);
    expect(await contents(queue)).toEqual([]);
  });

  test('4.1 when the connection is closed', async () => {
    const { control, queue } = await posted();
    await control.client.close();
    expect(await contents(queue)).toEqual([]);
  });

  test('4.1 when the connection is lost', async () => {
    const { control, queue } = await posted();
    await control.client.drop();
    expect(await contents(queue)).toEqual([]);
  });

  test('4.1 when the broker stops', async () => {
    const { queue } = await posted();
    await fixture.server.restart();
    expect(await contents(queue)).toEqual([]);
  });
});

describe('declare', () => {
  test('4.2 4.5.2 4.5.4 4.5.5 it is answered with an identifier of its own', async () => {
    const control = await controller(name());
    const ids = [await control.declare(), await control.declare(), await control.declare()];
    expect(new Set(ids.map((id) => id.toString('hex'))).size).toBe(3);
  });

  test('4.2 other sections are ignored', async () => {
    const control = await controller(name());
    const message = encodeMessage({
      header: { durable: true, ttl: 1, priority: 9 },
      messageAnnotations: { 'x-opt-delivery-delay': 60_000 },
      properties: { to: 'queue://elsewhere' },
      applicationProperties: { a: 1 },
      value: encodeComposite('declare'),
      footer: { f: 1 },
    });
    await control.expectState(control.request(message), { kind: 'declared' });
  });

  test('4.2 its descriptor may be a symbol', async () => {
    const control = await controller(name());
    const message = Buffer.concat([Buffer.from('005377', 'hex'), symbolic('amqp:declare:list')]);
    await control.expectState(control.request(message), { kind: 'declared' });
  });

  test('4.2 a settled declare ends the control link', async () => {
    const control = await controller(name());
    control.request(DECLARE, { settled: true });
    await control.client.expectDetach('amqp:not-allowed', 9);
  });

  test('4.2 4.5.2 a global transaction is rejected', async () => {
    const control = await controller(name());
    const globalId = binary('global');
    const id = control.request(
      encodeMessage({ value: encodeComposite('declare', { globalId: globalId.subarray(2) }) }),
    );
    const error = { condition: 'amqp:not-implemented' };
    await control.expectState(id, { kind: 'rejected', error });
  });

  test('4.2 more transactions than a connection may have are rejected', async () => {
    const control = await controller(name());
    const ids: Buffer[] = [];
    while (ids.length < TRANSACTIONS_MAX) ids.push(await control.declare());
    const error = { condition: 'amqp:resource-limit-exceeded' };
    await control.expectState(control.request(DECLARE), { kind: 'rejected', error });
    await control.rollback(ids[0]!);
    await control.declare();
  });

  test.each([
    ['a text', text('declare')],
    ['data', encodeMessage({ data: ['declare'] })],
    ['another type', encodeMessage({ value: encodeComposite('declared', { txnId: 'x' }) })],
    ['nothing', Buffer.alloc(0)],
    ['half a message', DECLARE.subarray(0, 5)],
  ])('4.2 %s is rejected, and the control link goes on', async (_, message) => {
    const control = await controller(name());
    const id = control.request(message);
    await control.expectState(id, { kind: 'rejected', error: { condition: 'amqp:decode-error' } });
    await control.declare();
  });

  test('4.2 a source without the rejected outcome hears of an error by the detach', async () => {
    const control = await controller(name(), { source: NOT_REJECTED });
    await control.declare();
    control.request(text('declare'));
    await control.client.expectDetach('amqp:decode-error', 9);
  });

  test('4.2 a source that names no outcomes takes the rejected one', async () => {
    const control = await controller(name(), { source: {} });
    await control.expectState(control.request(text('declare')), { kind: 'rejected' });
  });
});

describe('discharge', () => {
  let queue = '';
  beforeAll(() => {
    queue = name('queue');
  });

  test.each([
    ['false', false],
    ['not given', undefined],
  ])('4.3 4.5.3 with fail %s it commits', async (_, fail) => {
    const control = await controller(queue);
    const txnId = await control.declare();
    await control.posted(txnId, text('a'));
    const id = control.request(dischargeMessage(txnId, fail));
    await control.expectState(id, { kind: 'accepted' });
    expect(await contents(queue)).toEqual(['a']);
  });

  test('4.3 4.5.3 with fail it rolls back', async () => {
    const control = await controller(queue);
    const txnId = await control.declare();
    await control.posted(txnId, text('a'));
    await control.rollback(txnId);
    expect(await contents(queue)).toEqual([]);
  });

  test('4.3 an empty transaction', async () => {
    const control = await controller(queue);
    await control.commit(await control.declare());
    await control.rollback(await control.declare());
  });

  test('4.3 a settled discharge ends the control link, and with it the transaction', async () => {
    const control = await controller(queue);
    const txnId = await control.declare();
    await control.posted(txnId, text('a'));
    control.request(dischargeMessage(txnId), { settled: true });
    await control.client.expectDetach('amqp:not-allowed', 9);
    expect(await contents(queue)).toEqual([]);
  });

  test.each([
    ['of another form', Buffer.from('unheard')],
    ['of no bytes', Buffer.alloc(0)],
    ['longer than 32 bytes', Buffer.alloc(33)],
    ['that could be the next', Buffer.from('4000000000000000', 'hex')],
    ['that is the name of a property', Buffer.from('__proto__')],
  ])('4.3 4.5.8 an identifier %s is unknown', async (_, txnId) => {
    const control = await controller(queue);
    await control.declare();
    await control.refused(txnId, UNKNOWN);
    await control.refused(txnId, UNKNOWN, true);
    await control.commit(await control.declare());
  });

  test('4.3 4.5.8 a transaction is discharged once', async () => {
    const control = await controller(queue);
    const [first, second] = [await control.declare(), await control.declare()];
    await control.commit(first);
    await control.refused(first, UNKNOWN);
    await control.rollback(second);
    await control.refused(second, UNKNOWN, true);
  });

  test('4.3 4.5.8 the identifier of another connection is unknown', async () => {
    const [control, other] = [await controller(queue), await controller(queue)];
    const txnId = await control.declare();
    await control.posted(txnId, text('a'));
    await other.refused(txnId, UNKNOWN, true);
    await control.commit(txnId);
    expect(await contents(queue)).toEqual(['a']);
  });

  test('4.3 a source without the rejected outcome hears of a failure by the detach', async () => {
    const control = await controller(queue, { source: NOT_REJECTED });
    const txnId = await control.declare();
    control.post(txnId, Buffer.from('no message'), { settled: true });
    control.request(dischargeMessage(txnId));
    await control.client.expectDetach(ROLLBACK, 9);
  });

  test('4.3 a rollback is always possible', async () => {
    const control = await controller(queue);
    const txnId = await control.declare();
    control.post(txnId, Buffer.from('no message'), { settled: true });
    await control.rollback(txnId);
  });

  test('4.3 a discharge without an identifier is rejected', async () => {
    const control = await controller(queue);
    const id = control.request(encodeMessage({ value: encodeComposite('discharge', {}) }));
    await control.expectState(id, { kind: 'rejected', error: { condition: 'amqp:decode-error' } });
  });
});

describe('4.5.8 why a commit fails', () => {
  test('4.5.8 a transaction that took too long', async () => {
    const queue = name('queue');
    const control = await controller(queue);
    const [late, other] = [await control.declare(), await control.declare()];
    await control.posted(late, text('late'));
    fixture.server.skip(5 * 60_000);
    await control.refused(late, 'amqp:transaction:timeout');
    await control.refused(late, UNKNOWN);
    await control.rollback(other);
    expect(await contents(queue)).toEqual([]);
  });

  test('4.5.8 a delivery that is not held any more', async () => {
    const [from, to] = [name('queue'), name('queue')];
    await fixture.fill(from, text('a'));
    const control = await controller(to);
    const { client } = control;
    await client.attachReceiver(from, { handle: 1 });
    client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
    await client.expect('transfer', { handle: 1, deliveryId: 0 });
    const txnId = await control.declare();
    await control.posted(txnId, text('b'));
    const state = inTransaction(txnId, 'accepted');
    client.send(amqp.disposition({ role: true, first: 0, state }));
    client.send(amqp.detach({ handle: 1, closed: true }));
    await client.expect('detach', { handle: 1 });
    await control.refused(txnId, ROLLBACK);
    expect([await contents(from), await contents(to)]).toEqual([['a'], []]);
  });
});

describe('several transactions', () => {
  test('4.5.7 of one session are apart from one another', async () => {
    const queue = name('queue');
    const control = await controller(queue);
    const [first, second] = [await control.declare(), await control.declare()];
    await control.posted(first, text('first 1'));
    await control.posted(second, text('second'));
    await control.posted(first, text('first 2'));
    await control.rollback(second);
    expect(await contents(queue)).toEqual([]);
    await control.commit(first);
    expect(await contents(queue)).toEqual(['first 1', 'first 2']);
  });

  test('4.5.7 one may span sessions', async () => {
    const [from, to] = [name('queue'), name('queue')];
    await fixture.fill(from, text('a'));
    const control = await controller(to);
    const { client } = control;
    const txnId = await control.declare();
    await client.begin({ channel: 1 });
    await client.attachSender(to, { channel: 1, name: 'second' });
    await client.begin({ channel: 2 });
    await client.attachReceiver(from, { channel: 2 });
    await received(client, 2);
    await control.posted(txnId, text('x'));
    const there = new RawController(client, 9, 1);
    await there.posted(txnId, text('y'));
    const state = inTransaction(txnId, 'accepted');
    client.send(amqp.disposition({ channel: 2, role: true, first: 0, settled: true, state }));
    await control.commit(txnId);
    await client.close();
    expect([await contents(from), await contents(to)]).toEqual([[], ['x', 'y']]);
  });
});

async function received(client: RawAmqp, channel: number): Promise<void> {
  client.send(amqp.flow({ channel, handle: 0, deliveryCount: 0, linkCredit: 1 }));
  await client.expect('transfer', { channel, deliveryId: 0 });
}

function symbolic(descriptor: string): Buffer {
  return Buffer.concat([
    Buffer.of(0, 0xa3, descriptor.length),
    Buffer.from(descriptor),
    encodeValue([]),
  ]);
}

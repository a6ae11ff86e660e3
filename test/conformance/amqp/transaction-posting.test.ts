import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import {
  DECLARE,
  dischargeMessage,
  inTransaction,
  RawController,
} from '../../support/raw-amqp-controller.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type RawFrame } from '../../support/raw-amqp-frames.js';
import { encodeMessage, text } from '../../support/raw-amqp-message.js';

const OPERATIONS_MAX = 8;
const CREDIT = 20;
const { name, session } = useAmqpServer({
  limits: {
    transactionOperationsMax: OPERATIONS_MAX,
    transactionBytesMax: 10_000,
    linkCredit: CREDIT,
    frameBytesMax: 20_000,
  },
  policies: [{ destination: 'queue://closed', autoCreate: false }],
});

const ROLLBACK = 'amqp:transaction:rollback';
const UNKNOWN = 'amqp:transaction:unknown-id';
const NO_MESSAGE = Buffer.from('no message');

/** A client that posts to a queue on handle 0, and has a receiver of it on handle 1. */
async function poster(
  sender: Parameters<RawAmqp['attachSender']>[1] = {},
): Promise<{ control: RawController; client: RawAmqp; txnId: Buffer; queue: string }> {
  const queue = name('queue');
  const client = await session();
  await client.attachSender(queue, sender);
  await client.attachReceiver(queue, { handle: 1, sndSettleMode: 1 });
  client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 100 }));
  const control = await RawController.attach(client);
  return { control, client, queue, txnId: await control.declare() };
}

function textOf({ payload }: RawFrame): string {
  return payload.subarray(payload.lastIndexOf(0xa1) + 2).toString();
}

/** Commits; these texts are delivered then, before or after the discharge is answered. */
async function expectCommit(
  control: RawController,
  txnId: Buffer,
  ...texts: string[]
): Promise<RawFrame[]> {
  const first = control.request(dischargeMessage(txnId));
  const frames = await control.client.take(texts.length + 1);
  const transfers = frames.filter(({ kind }) => kind === 'transfer');
  expect(transfers.map(textOf)).toEqual(texts);
  const state = { kind: 'accepted' };
  expect(frames).toContainEqual(expect.objectContaining({ kind: 'disposition', first, state }));
  return transfers;
}

describe('4.4.1 posting', () => {
  test('4.4.1 4.5.6 the presumptive outcome is told at once, with the transaction', async () => {
    const { control, client, txnId } = await poster();
    const id = control.post(txnId, text('a'));
    const state = { kind: 'transactionalState', txnId, outcome: { kind: 'accepted' } };
    await control.expectState(id, state);
    await client.expectSilence();
  });

  test('4.4.1 nothing is available before the commit, and all of it after', async () => {
    const { control, client, txnId } = await poster();
    for (const word of ['a', 'b', 'c']) await control.posted(txnId, text(word));
    await client.expectSilence();
    await expectCommit(control, txnId, 'a', 'b', 'c');
  });

  test('4.4.1 nothing becomes available by a rollback', async () => {
    const { control, client, txnId } = await poster();
    for (const word of ['a', 'b', 'c']) await control.posted(txnId, text(word));
    await control.rollback(txnId);
    await client.expectSilence();
  });

  test('4.4 what is not of the transaction is not kept back', async () => {
    const { control, client, txnId } = await poster();
    await control.posted(txnId, text('in'));
    control.transfer(text('out'), { settled: true });
    expect(textOf(await client.expect('transfer'))).toBe('out');
    await control.rollback(txnId);
    await client.expectSilence();
  });

  test('4.4.1 it is atomic over queues and topics', async () => {
    const { control, client, txnId, queue } = await poster();
    const topic = name('topic');
    await client.attachSender('', { handle: 2, name: 'relay', target: {} });
    await client.attachReceiver(`topic://${topic}`, { handle: 3, sndSettleMode: 1 });
    client.send(amqp.flow({ handle: 3, deliveryCount: 0, linkCredit: 100 }));
    const to = (address: string, value: string) =>
      encodeMessage({ properties: { to: address }, value });
    await control.posted(txnId, to(`topic://${topic}`, 'news'), { handle: 2 });
    await control.posted(txnId, to(`queue://${queue}`, 'work'), { handle: 2 });
    await client.expectSilence();
    const transfers = await expectCommit(control, txnId, 'news', 'work');
    expect(transfers.map(({ handle }) => handle)).toEqual([3, 1]);
  });

  test('4.4.1 a message in several transfers, all of them in the transaction', async () => {
    const { control, client, txnId } = await poster();
    const message = text('x'.repeat(3000));
    const state = inTransaction(txnId);
    const id = control.post(txnId, message.subarray(0, 100), { more: true });
    client.send(amqp.transfer({ state, more: true }, message.subarray(100, 2000)));
    client.send(amqp.transfer({ state }, message.subarray(2000)));
    await control.expectState(id, { kind: 'transactionalState', outcome: { kind: 'accepted' } });
    await control.rollback(txnId);
    await client.expectSilence();
  });

  test('4.4.1 transfers of one message in two transactions end the link, and spoil the first', async () => {
    const { control, client, txnId } = await poster();
    const other = await control.declare();
    control.post(txnId, text('a').subarray(0, 3), { more: true });
    client.send(amqp.transfer({ state: inTransaction(other) }, text('a').subarray(3)));
    await client.expectDetach('amqp:not-allowed', 0);
    await control.refused(txnId, ROLLBACK);
    await control.commit(other);
  });

  test('4.4.1 a commit while a message has arrived in part ends the control link', async () => {
    const { control, client, txnId } = await poster();
    await control.posted(txnId, text('whole'));
    const message = text('part');
    const id = control.post(txnId, message.subarray(0, 3), { more: true });
    control.request(dischargeMessage(txnId));
    await client.expectDetach(ROLLBACK, 9);
    // The rest of it belongs to a transaction that is no more.
    client.send(amqp.transfer({ state: inTransaction(txnId) }, message.subarray(3)));
    await control.expectState(id, { kind: 'rejected', error: { condition: UNKNOWN } });
    await client.expectSilence();
  });

  test('4.3 4.4.1 a rollback while a message has arrived in part is always possible', async () => {
    const { control, client, txnId } = await poster();
    const message = text('part');
    const id = control.post(txnId, message.subarray(0, 3), { more: true });
    await control.rollback(txnId);
    client.send(amqp.transfer({ state: inTransaction(txnId) }, message.subarray(3)));
    await control.expectState(id, { kind: 'rejected', error: { condition: UNKNOWN } });
    await client.expectSilence();
  });

  test('4.4.1 a message that arrives in part is no matter of other transactions', async () => {
    const { control, client, txnId } = await poster();
    const other = await control.declare();
    const message = text('part');
    const id = control.post(txnId, message.subarray(0, 3), { more: true });
    await control.commit(other);
    client.send(amqp.transfer({ state: inTransaction(txnId) }, message.subarray(3)));
    await control.expectState(id, { kind: 'transactionalState', outcome: { kind: 'accepted' } });
    await control.rollback(txnId);
  });

  test('4.4.1 an aborted message leaves the transaction as it was', async () => {
    const { control, client, txnId } = await poster();
    control.post(txnId, text('gone').subarray(0, 3), { more: true });
    client.send(amqp.transfer({ aborted: true }));
    await control.posted(txnId, text('stays'));
    await expectCommit(control, txnId, 'stays');
  });
});

describe('4.4.1 a message that is refused', () => {
  test('4.4.1 is rejected as a matter of the transaction, which can be committed without it', async () => {
    const { control, txnId } = await poster();
    await control.posted(txnId, text('good'));
    const id = control.post(txnId, NO_MESSAGE);
    const error = { condition: 'amqp:decode-error' };
    const outcome = { kind: 'rejected', error };
    await control.expectState(id, { kind: 'transactionalState', txnId, outcome });
    await expectCommit(control, txnId, 'good');
  });

  test('4.4.1 4.4.4.1 where the source takes no rejection, the link ends and nothing is committed', async () => {
    const { control, client, txnId } = await poster({
      source: { outcomes: ['amqp:accepted:list'] },
    });
    await control.posted(txnId, text('good'));
    control.post(txnId, NO_MESSAGE);
    await client.expectDetach('amqp:decode-error', 0);
    await control.refused(txnId, ROLLBACK);
    await client.expectSilence();
  });

  test('4.4.4.1 if it came settled, nothing is committed', async () => {
    const { control, client, txnId } = await poster();
    control.post(txnId, text('good'), { settled: true });
    control.post(txnId, NO_MESSAGE, { settled: true });
    control.post(txnId, text('late'), { settled: true });
    const { state } = await control.refused(txnId, ROLLBACK);
    expect(state.error.description).toMatch(/\w/);
    await client.expectSilence();
  });

  test('4.4.1 for an unknown transaction, with that for a reason', async () => {
    const { control, client } = await poster();
    const id = control.post(Buffer.from('unheard'), text('a'));
    await control.expectState(id, { kind: 'rejected', error: { condition: UNKNOWN } });
    control.post(Buffer.from('unheard'), text('a'), { settled: true });
    await client.expectDetach(UNKNOWN, 0);
  });

  test('4.4.4.1 for want of credit, ends the link, and nothing is committed', async () => {
    const { control, client, txnId } = await poster();
    await control.posted(txnId, text('good'));
    // Their acceptance waits for the disk: no credit comes back meanwhile.
    for (let count = 1; count < CREDIT; count++) control.transfer(text('a', { durable: true }));
    control.post(txnId, text('too many'));
    let frame = await client.next();
    while (frame.kind !== 'detach') frame = await client.next();
    expect(frame).toMatchObject({ error: { condition: 'amqp:link:transfer-limit-exceeded' } });
    const discharge = control.request(dischargeMessage(txnId));
    while (frame.first !== discharge) frame = await client.next();
    expect(frame.state).toMatchObject({ kind: 'rejected', error: { condition: ROLLBACK } });
  });

  test('4.4.4.1 for its size, ends the link, and nothing is committed', async () => {
    const { control, client, txnId } = await poster();
    control.post(txnId, text('x'.repeat(15_000)), { more: true });
    client.send(amqp.transfer({ more: true }, Buffer.alloc(15_000)));
    await client.expectDetach('amqp:link:message-size-exceeded', 0);
    await control.refused(txnId, ROLLBACK);
  });
});

describe('4.4.1 the bounds of a transaction', () => {
  test('4.4.1 more messages than it may hold are rejected, and nothing is committed', async () => {
    const { control, client, txnId } = await poster();
    for (let count = 0; count < OPERATIONS_MAX; count++) await control.posted(txnId, text('a'));
    const error = { condition: 'amqp:resource-limit-exceeded' };
    const outcome = { kind: 'rejected', error };
    const id = control.post(txnId, text('b'));
    await control.expectState(id, { kind: 'transactionalState', txnId, outcome });
    const { state } = await control.refused(txnId, ROLLBACK);
    expect(state.error.description).toContain('too many operations');
    await client.expectSilence();
  });

  test('4.4.1 more bytes than all of them may hold', async () => {
    const { control, client, txnId } = await poster();
    const other = await control.declare();
    await control.posted(txnId, text('x'.repeat(6000)));
    const id = control.post(other, text('x'.repeat(6000)));
    const error = { condition: 'amqp:resource-limit-exceeded' };
    const outcome = { kind: 'rejected', error };
    await control.expectState(id, { kind: 'transactionalState', txnId: other, outcome });
    await control.refused(other, ROLLBACK);
    await control.rollback(txnId);
    await client.expectSilence();
    await control.posted(await control.declare(), text('x'.repeat(6000)));
  });

  test('4.4.1 credit goes on while messages wait for the commit', async () => {
    const { control, client } = await poster();
    for (let round = 0; round < 8; round++) {
      control.request(DECLARE);
      const txnId = await declared(client);
      const ids = Array.from({ length: 5 }, () => control.post(txnId, text('a')));
      await dispositions(client, ids.length);
      control.request(dischargeMessage(txnId, true));
      await dispositions(client, 1);
    }
  });
});

describe('4.4.4.1 settlement of what is posted', () => {
  test('4.4.4.1 sent settled: available after the commit', async () => {
    const { control, client, txnId } = await poster();
    control.post(txnId, text('a'), { settled: true });
    await client.expectSilence();
    await expectCommit(control, txnId, 'a');
  });

  test('4.4.4.1 sent settled: gone after the rollback', async () => {
    const { control, client, txnId } = await poster();
    control.post(txnId, text('a'), { settled: true });
    await control.rollback(txnId);
    await client.expectSilence();
  });

  test('4.4.4.1 2.8.3 sent unsettled to a receiver that settles second', async () => {
    const { control, client, txnId } = await poster({ rcvSettleMode: 1 });
    const id = control.post(txnId, text('a'));
    const outcome = { kind: 'accepted' };
    const state = { kind: 'transactionalState', txnId, outcome };
    const told = await client.expect('disposition', { role: true, first: id, state });
    expect(told.settled ?? false).toBe(false);
    await expectCommit(control, txnId, 'a');
    client.send(amqp.disposition({ role: false, first: id, settled: true, state: outcome }));
    await client.expectSilence();
  });

  test.each([
    ['commit', { t: 'accepted' }],
    ['rollback', {}],
  ] as const)(
    '4.4.4.1 2.6.13 after a %s, a link that is resumed knows what was accepted',
    async (end, unsettled) => {
      const fields = { rcvSettleMode: 1, target: { expiryPolicy: 'never', timeout: 60 } };
      const queue = name('queue');
      const client = await session();
      const sender = { ...fields, name: 'resumed', target: { ...fields.target, address: queue } };
      await client.attachSender(queue, sender);
      const control = await RawController.attach(client);
      const txnId = await control.declare();
      const id = control.post(txnId, text('a'), { deliveryTag: 't' });
      await client.expect('disposition', { first: id });
      await control[end](txnId);
      client.send(amqp.detach({ handle: 0 }));
      await client.expect('detach', { handle: 0 });
      client.send(
        amqp.attach({
          ...{ role: false, handle: 0, source: {}, initialDeliveryCount: 1 },
          ...{ ...sender, unsettled: { t: null } },
        }),
      );
      const attached = await client.expect('attach', { handle: 0 });
      expect(attached.unsettled ?? {}).toEqual(unsettled);
    },
  );
});

/** Takes flows aside: credit that is given meanwhile. */
async function dispositions(client: RawAmqp, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const { kind } = await client.next();
    expect(['flow', 'disposition']).toContain(kind);
    if (kind === 'disposition') left--;
  }
}

async function declared(client: RawAmqp): Promise<Buffer> {
  let frame = await client.next();
  while (frame.kind === 'flow') frame = await client.next();
  expect(frame.state).toMatchObject({ kind: 'declared' });
  return frame.state.txnId;
}

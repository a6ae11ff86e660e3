import { describe, expect, test } from 'vitest';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';

const { fill, name, session } = useAmqpServer();

const BODY = Buffer.from('005375a00161', 'hex');
const DURABLE = Buffer.from('005370c0020141005375a00161', 'hex');
const UNATTACHED = 'amqp:session:unattached-handle';

const credit = (linkCredit: number, handle = 0, deliveryCount = 0): Buffer =>
  amqp.flow({ handle, deliveryCount, linkCredit });

describe('detaching', () => {
  test.each([true, false])(
    '2.6.4 2.6.6 2.7.7 a detach (closed: %s) is answered by the same',
    async (closed) => {
      const client = await session();
      await client.attachReceiver(name('queue'));
      await client.attachSender(name('queue'), { handle: 1 });
      for (const handle of [0, 1]) {
        client.send(amqp.detach({ handle, closed }));
        const detach = await client.expect('detach', { handle, closed });
        expect(detach.error).toBeUndefined();
        client.send(amqp.detach({ handle }));
        await client.expectEnd(UNATTACHED);
        client.send(amqp.end());
        await client.begin();
        if (handle === 0) await client.attachSender(name('queue'), { handle: 1 });
      }
    },
  );

  test('2.6.4 a detach without the flag is not a close', async () => {
    const client = await session();
    await client.attachReceiver(name('queue'));
    client.send(amqp.detach());
    await client.expect('detach', { closed: false });
  });

  test('2.6.4 a handle is free behind a detach', async () => {
    const client = await session();
    for (let round = 0; round < 3; round++) {
      await client.attachReceiver(name('queue'));
      client.send(amqp.detach({ closed: true }));
      await client.expect('detach');
    }
    await client.attachSender(name('queue'));
  });

  test('2.6.4 a link may be attached again behind its detach, without waiting for the answer', async () => {
    const queue = name('queue');
    const client = await session();
    const attach = amqp.attach({
      name: 'out',
      role: false,
      target: { address: queue },
      initialDeliveryCount: 0,
    });
    client.send(attach);
    await client.take(2);
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, DURABLE),
      amqp.detach(),
      attach,
      amqp.transfer({ deliveryId: 1, deliveryTag: 'b' }, DURABLE),
    );
    const frames = await client.take(4);
    const places = ['detach', 'attach', 'flow'].map((kind) =>
      frames.findIndex((frame) => frame.kind === kind),
    );
    expect(places).toEqual([...places].sort((left, right) => left - right));
    expect(places).not.toContain(-1);
    const settled = new Set<number>();
    while (settled.size < 2) {
      for (const { first, last } of frames.splice(0).filter(({ kind }) => kind === 'disposition')) {
        settled.add(first).add(last);
      }
      if (settled.size < 2) frames.push(await client.next());
    }
  });

  test('2.6.4 another link may be attached behind a detach, on the same handle', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, DURABLE),
      amqp.detach({ closed: true }),
      amqp.attach({ name: 'in', role: true, source: { address: name('queue') }, target: {} }),
      amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1, echo: true }),
    );
    const frames = await client.take(4);
    const find = (kind: string) => frames.find((frame) => frame.kind === kind);
    expect(find('attach')).toMatchObject({ name: 'in', role: false });
    expect(find('flow')?.handle).toBe(find('attach')?.handle);
    expect(find('detach')?.handle).not.toBe(find('attach')?.handle);
    const indexOf = (kind: string) => frames.findIndex((frame) => frame.kind === kind);
    expect(indexOf('disposition')).toBeLessThan(indexOf('detach'));
  });

  test('2.6.6 what was sent before the close is confirmed before its answer', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, DURABLE),
      amqp.detach({ closed: true }),
    );
    await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
    await client.expect('detach', { closed: true });
  });

  test('2.6.6 the deliveries of a link that is closed go back', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await session();
    await client.attachReceiver(queue);
    client.send(credit(1));
    await client.expect('transfer', { deliveryId: 0 });
    client.send(amqp.detach({ closed: true }));
    await client.expect('detach');
    await client.attachReceiver(queue);
    client.send(credit(1));
    await client.expect('transfer', { deliveryId: 1 });
  });

  test('2.6.6 a disposition for a link that is closed is too late', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await session();
    await client.attachReceiver(queue);
    client.send(credit(1));
    await client.expect('transfer', { deliveryId: 0 });
    client.send(
      amqp.detach({ closed: true }),
      amqp.disposition({ role: true, first: 0, settled: true, state: 'accepted' }),
    );
    await client.expect('detach');
    await client.attachReceiver(queue);
    client.send(credit(1));
    await client.expect('transfer', { deliveryId: 1 });
  });

  test('2.6.4 2.7.6 a disposition for a link that is only detached still counts', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await session();
    await client.attachReceiver(queue);
    client.send(credit(1));
    await client.expect('transfer', { deliveryId: 0 });
    client.send(
      amqp.detach(),
      amqp.disposition({ role: true, first: 0, settled: true, state: 'accepted' }),
    );
    await client.expect('detach', { closed: false });
    await client.attachReceiver(queue);
    client.send(credit(1));
    await client.expectSilence();
  });

  test('2.6.4 2.7.6 a rejection for a link that is only detached still counts', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await session();
    await client.attachReceiver(queue, { name: 'lasting' });
    client.send(credit(1));
    await client.expect('transfer', { deliveryId: 0 });
    client.send(amqp.detach());
    await client.expect('detach', { closed: false });
    client.send(amqp.disposition({ role: true, first: 0, state: 'released' }));
    await client.expect('disposition', { first: 0, settled: true, state: { kind: 'released' } });
    await client.attachReceiver(queue, { name: 'lasting' });
    client.send(credit(1));
    await client.expect('transfer', { deliveryId: 1 });
  });

  test('2.6.5 input for a link that the server has detached is ignored until its answer', async () => {
    const client = await session();
    await client.attachSender(name('queue'), { rcvSettleMode: 0 });
    // Without a "to" nobody knows where it goes: the link, which settles first, ends.
    await client.attachSender('', { handle: 1, name: 'relay', target: {} });
    client.send(
      amqp.transfer({ handle: 1, deliveryId: 0, deliveryTag: 'a', settled: true }, BODY),
      amqp.transfer({ handle: 1, deliveryId: 1, deliveryTag: 'b', settled: true }, BODY),
      amqp.flow({ handle: 1, deliveryCount: 2, linkCredit: 1, echo: true }),
    );
    await client.expectDetach('amqp:precondition-failed', 1);
    await client.expectSilence();
    client.send(amqp.detach({ handle: 1, closed: true }));
    await client.attachSender(name('queue'), { handle: 1 });
    client.send(amqp.detach({ handle: 5 }));
    await client.expectEnd(UNATTACHED);
  });

  test('2.6.6 both ends may close a link at the same time', async () => {
    const client = await session();
    await client.attachSender('', { name: 'relay', target: {} });
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a', settled: true }, BODY),
      amqp.detach({ closed: true }),
    );
    await client.expectDetach('amqp:precondition-failed');
    await client.expectSilence();
    await client.attachSender(name('queue'));
  });

  test('2.7.5 a transfer on a link that the client receives on ends the session', async () => {
    const client = await session();
    await client.attachReceiver(name('queue'));
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, BODY));
    await client.expectEnd('amqp:not-allowed');
  });
});

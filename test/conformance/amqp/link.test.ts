import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';

const { connect, fill, name, session } = useAmqpServer({
  authorization: [
    { destination: 'queue://>', read: ['*'], write: ['*'] },
    { destination: 'queue://secret.>' },
  ],
});

const BODY = Buffer.from('005375a00161', 'hex');
const DURABLE = Buffer.from('005370c0020141005375a00161', 'hex');
const UNATTACHED = 'amqp:session:unattached-handle';
const STOLEN = 'amqp:link:stolen';

const credit = (linkCredit: number, handle = 0, deliveryCount = 0): Buffer =>
  amqp.flow({ handle, deliveryCount, linkCredit });

describe('attaching', () => {
  test('2.6.3 2.7.3 an attach is answered with the same name and the other role', async () => {
    const queue = name('queue');
    const client = await session();
    client.send(
      amqp.attach({
        name: 'in',
        handle: 3,
        role: true,
        source: { address: queue },
        target: { address: 'mine' },
      }),
    );
    const receiver = await client.expect('attach', { name: 'in', handle: 3, role: false });
    expect(receiver).toMatchObject({ source: { address: queue }, target: { address: 'mine' } });
    expect(receiver.initialDeliveryCount).toBe(0);
    client.send(
      amqp.attach({
        name: 'out',
        handle: 4,
        role: false,
        source: { address: 'mine' },
        target: { address: queue },
        initialDeliveryCount: 0,
      }),
    );
    const sender = await client.expect('attach', { name: 'out', handle: 4, role: true });
    expect(sender).toMatchObject({ source: { address: 'mine' }, target: { address: queue } });
    expect(sender.maxMessageSize).toBeGreaterThan(0);
    expect(sender.initialDeliveryCount).toBeUndefined();
  });

  test.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
  ])('2.8.2 2.8.3 settle modes %d and %d are as the client says', async (...row) => {
    const [sndSettleMode, rcvSettleMode] = row;
    const client = await session();
    const modes = { sndSettleMode, rcvSettleMode };
    expect(await client.attachReceiver(name('queue'), modes)).toMatchObject(modes);
    client.send(
      amqp.attach({
        ...modes,
        name: 'out',
        handle: 1,
        role: false,
        target: { address: name('queue') },
        initialDeliveryCount: 0,
      }),
    );
    await client.expect('attach', modes);
  });

  test('2.7.3 settle modes are mixed and first unless given', async () => {
    const client = await session();
    const attach = await client.attachReceiver(name('queue'));
    expect(attach).toMatchObject({ sndSettleMode: 2, rcvSettleMode: 0 });
  });

  test('2.6.2 a handle is any number, and each end has its own', async () => {
    const client = await session();
    for (const handle of [7, 0, 1023, 255, 256]) {
      await client.attachReceiver(name('queue'), { handle });
    }
    await client.expectSilence();
  });

  test('2.7.2 the handle-max of the client holds for the handles of the server', async () => {
    const client = await connect();
    await client.begin({ handleMax: 1 });
    const handles = [];
    for (const handle of [9, 5]) {
      client.send(
        amqp.attach({ name: name(), handle, role: true, source: { address: name('queue') } }),
      );
      handles.push((await client.expect('attach')).handle);
    }
    expect(handles.sort()).toEqual([0, 1]);
    client.send(amqp.attach({ name: name(), handle: 2, role: true, source: { address: 'a' } }));
    await client.expectEnd('amqp:not-allowed');
  });

  test('2.6.1 a name stands for one link in each direction', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { name: 'both', handle: 0 });
    await client.attachSender(queue, { name: 'both', handle: 1 });
    client.send(credit(1));
    client.send(amqp.transfer({ handle: 1, deliveryId: 0, deliveryTag: 'a' }, BODY));
    const kinds = (await client.take(2)).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['disposition', 'transfer']);
  });

  test('2.6.1 names may be long, empty, and of any characters', async () => {
    const client = await session();
    for (const [handle, linkName] of [
      '',
      'ü€😀',
      '\0',
      '__proto__',
      'x'.repeat(10_000),
    ].entries()) {
      await client.attachReceiver(name('queue'), { name: linkName, handle });
    }
    await client.expectSilence();
  });
});

describe('refusing', () => {
  const refusals = [
    ['not-found', { name: 'n', role: true }, 'amqp:not-found'],
    [
      'unauthorized',
      { name: 'n', role: true, source: { address: 'secret.a' } },
      'amqp:unauthorized-access',
    ],
    [
      'a sender',
      { name: 'n', role: false, target: { address: 'secret.a' }, initialDeliveryCount: 0 },
      'amqp:unauthorized-access',
    ],
    ['no target', { name: 'n', role: false, initialDeliveryCount: 0 }, 'amqp:invalid-field'],
    ['no count', { name: 'n', role: false, target: { address: 'a' } }, 'amqp:invalid-field'],
  ] as const;

  test.each(refusals)(
    '2.6.3 a refusal is an attach without terminus and a detach: %s',
    async (...row) => {
      const [, fields, condition] = row;
      const client = await session();
      client.send(amqp.attach(fields));
      const attach = await client.expect('attach', { name: 'n', role: !fields.role });
      expect(fields.role ? attach.source : attach.target).toBeUndefined();
      await client.expectDetach(condition);
      client.send(amqp.detach({ closed: true }));
      await client.expectSilence();
    },
  );

  test('2.6.3 the handle is free once the client has answered', async () => {
    const queue = name('queue');
    const client = await session();
    client.send(amqp.attach({ name: 'n', role: true, source: { address: 'secret.a' } }));
    await client.take(2);
    client.send(amqp.detach({ closed: true }));
    await client.attachReceiver(queue);
    await client.expectSilence();
  });

  test('2.6.3 what was pipelined behind a refused attach is ignored', async () => {
    const client = await session();
    client.send(
      amqp.attach({ name: 'n', role: true, source: { address: 'secret.a' } }),
      credit(10),
      amqp.attach({
        name: 'm',
        handle: 1,
        role: false,
        target: { address: 'secret.a' },
        initialDeliveryCount: 0,
      }),
      amqp.transfer({ handle: 1, deliveryId: 0, deliveryTag: 'a' }, BODY),
      amqp.transfer({ handle: 1, deliveryId: 1, deliveryTag: 'b', more: true }, BODY),
    );
    const kinds = (await client.take(4)).map(({ kind }) => kind);
    expect(kinds).toEqual(['attach', 'detach', 'attach', 'detach']);
    client.send(amqp.detach({ closed: true }), amqp.detach({ handle: 1, closed: true }));
    await client.expectSilence();
  });

  test('2.6.3 the handle of a refused link is in use until the client has detached it', async () => {
    const client = await session();
    client.send(amqp.attach({ name: 'n', role: true, source: { address: 'secret.a' } }));
    await client.take(2);
    client.send(amqp.attach({ name: 'm', role: true, source: { address: name('queue') } }));
    await client.expectEnd('amqp:session:handle-in-use');
  });
});

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

  test.fails('2.6.4 2.7.6 a disposition for a link that is only detached still counts', async () => {
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

  test.fails('2.6.4 2.7.6 a rejection for a link that is only detached still counts', async () => {
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

describe('stealing', () => {
  async function two(containerId: string): Promise<[RawAmqp, RawAmqp]> {
    const first = await connect({ containerId });
    const second = await connect({ containerId });
    await first.begin();
    await second.begin();
    return [first, second];
  }

  test('2.6.1 2.8.18 a link that is attached again in a session is taken over there', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { name: 'mine' });
    client.send(
      amqp.attach({ name: 'mine', handle: 1, role: true, source: { address: queue }, target: {} }),
    );
    await client.expectDetach(STOLEN, 0);
    await client.expect('attach', { name: 'mine', handle: 1 });
    client.send(amqp.detach({ closed: true }), credit(1, 1));
    await fill(queue, BODY);
    await client.expect('transfer', { handle: 1 });
  });

  test('2.6.1 2.8.18 a link moves to another session of its connection', async () => {
    const client = await session();
    await client.begin({ channel: 1 });
    const queue = name('queue');
    await client.attachSender(queue, { name: 'mine' });
    client.send(
      amqp.attach({
        channel: 1,
        name: 'mine',
        role: false,
        target: { address: queue },
        initialDeliveryCount: 0,
      }),
    );
    await client.expectDetach(STOLEN);
    await client.expect('attach', { channel: 1, name: 'mine' });
    await client.expect('flow', { channel: 1, handle: 0 });
  });

  test('2.6.1 2.8.18 a link moves to another connection of its container', async () => {
    const queue = name('queue');
    const [first, second] = await two(name('container'));
    await first.attachReceiver(queue, { name: 'mine' });
    first.send(credit(5));
    await second.attachReceiver(queue, { name: 'mine' });
    second.send(credit(5));
    await first.expectDetach(STOLEN);
    await fill(queue, BODY, BODY);
    await second.expect('transfer');
    await second.expect('transfer');
    await first.expectSilence();
  });

  test('2.6.1 what the former holder had goes to the new one', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const [first, second] = await two(name('container'));
    await first.attachReceiver(queue, { name: 'mine' });
    first.send(credit(1));
    await first.expect('transfer');
    await second.attachReceiver(queue, { name: 'mine' });
    second.send(credit(1));
    await second.expect('transfer');
    await first.expectDetach(STOLEN);
    // Its deliveries are not its own any more.
    first.send(amqp.disposition({ role: true, first: 0, settled: true, state: 'accepted' }));
    await first.expectSilence();
    second.send(amqp.disposition({ role: true, first: 0, settled: true, state: 'released' }));
    await second.expectSilence();
    second.send(credit(1, 0, 1));
    await second.expect('transfer', { deliveryId: 1 });
  });

  test('2.6.1 containers of other names have links of their own', async () => {
    const queue = name('queue');
    const first = await session();
    const second = await session();
    await first.attachReceiver(queue, { name: 'mine' });
    await second.attachReceiver(queue, { name: 'mine' });
    await first.expectSilence();
  });

  test('2.6.1 a link that was detached is not stolen', async () => {
    const [first, second] = await two(name('container'));
    const queue = name('queue');
    await first.attachReceiver(queue, { name: 'mine' });
    first.send(amqp.detach({ closed: true }));
    await first.expect('detach');
    await second.attachReceiver(queue, { name: 'mine' });
    await first.expectSilence();
  });
});

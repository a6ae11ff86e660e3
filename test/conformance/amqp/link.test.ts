import { describe, expect, test } from 'vitest';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';

const { connect, name, session } = useAmqpServer({
  authorization: [
    { destination: 'queue://>', read: ['*'], write: ['*'] },
    { destination: 'queue://secret.>' },
  ],
});

const BODY = Buffer.from('005375a00161', 'hex');

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

  test('2.6.2 2.8.4 a handle is any number, and each end has its own', async () => {
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

  test('2.6.1 2.8.1 a name stands for one link in each direction', async () => {
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

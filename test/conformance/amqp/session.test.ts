import { describe, expect, test } from 'vitest';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';

const { connect, fill, name, session } = useAmqpServer({
  limits: { sessionWindowFrames: 100, linksPerSessionMax: 50 },
});

const BODY = Buffer.from('005375a00161', 'hex');
const DURABLE = Buffer.from('005370c0020141005375a00161', 'hex');

describe('begin and end', () => {
  test('2.5.1 2.7.2 begin is answered with the channel that it came on', async () => {
    const client = await connect();
    client.send(amqp.begin({ channel: 5, nextOutgoingId: 77 }));
    const begin = await client.expect('begin', { remoteChannel: 5, incomingWindow: 100 });
    expect(begin).toMatchObject({ handleMax: 49 });
    expect(begin.outgoingWindow).toBeGreaterThan(0);
  });

  test('2.5.1 a connection has many sessions', async () => {
    const client = await connect();
    for (let channel = 0; channel < 256; channel++) {
      await client.begin({ channel });
      await client.attachReceiver(name('queue'), { channel });
    }
    for (let channel = 0; channel < 256; channel++) client.send(amqp.end({ channel }));
    for (let channel = 0; channel < 256; channel++) await client.expect('end', { channel });
  });

  test('2.5.1 a begin with a remote-channel answers no session', async () => {
    const client = await connect();
    client.send(amqp.begin({ remoteChannel: 0 }));
    await client.expectClose('amqp:not-allowed');
  });

  test('2.5.1 a begin on a channel that has a session ends the connection', async () => {
    const client = await session();
    client.send(amqp.begin());
    await client.expectClose('amqp:not-allowed');
  });

  test('2.5.2 2.7.8 end is answered, and the channel is free again', async () => {
    const client = await session();
    for (let round = 0; round < 5; round++) {
      client.send(amqp.end());
      const { error } = await client.expect('end', { channel: 0 });
      expect(error).toBeUndefined();
      await client.begin();
    }
  });

  test('2.5.2 an end with an error is answered by one without', async () => {
    const client = await session();
    client.send(amqp.end({ error: { condition: 'amqp:internal-error' } }));
    const { error } = await client.expect('end');
    expect(error).toBeUndefined();
  });

  test('2.5.2 what was sent before the end is confirmed before its answer', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, DURABLE), amqp.end());
    await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
    await client.expect('end');
  });

  test('2.5.2 a session may be begun behind the end of the one before, on its channel', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, DURABLE),
      amqp.end(),
      amqp.begin({ nextOutgoingId: 9 }),
      amqp.attach({ name: 'again', role: true, source: { address: name('queue') }, target: {} }),
    );
    const frames = await client.take(4);
    const begin = frames.find(({ kind }) => kind === 'begin');
    const attach = frames.find(({ kind }) => kind === 'attach');
    const end = frames.find(({ kind }) => kind === 'end');
    const disposition = frames.find(({ kind }) => kind === 'disposition');
    expect(begin).toMatchObject({ remoteChannel: 0 });
    expect(attach?.channel).toBe(begin?.channel);
    expect(end?.channel).toBe(disposition?.channel);
    expect(end?.channel).not.toBe(begin?.channel);
    await client.expectSilence();
  });

  test('2.5.2 frames behind the end belong to no session', async () => {
    const client = await session();
    client.send(amqp.end(), amqp.flow());
    await client.expect('end');
    await client.expectClose('amqp:not-allowed');
  });

  test('2.5.2 the links of a session end with it, and its deliveries go back', async () => {
    const queue = name('queue');
    const client = await session();
    await fill(queue, BODY);
    await client.begin({ channel: 1 });
    await client.attachReceiver(queue, { channel: 1 });
    client.send(amqp.flow({ channel: 1, handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await client.expect('transfer', { channel: 1 });
    client.send(amqp.end({ channel: 1 }));
    await client.expect('end', { channel: 1 });
    await client.begin({ channel: 2 });
    await client.attachReceiver(queue, { channel: 2 });
    client.send(amqp.flow({ channel: 2, handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await client.expect('transfer', { channel: 2 });
  });

  test('2.5.1 sessions know nothing of each other', async () => {
    const queue = name('queue');
    const client = await session();
    await client.begin({ channel: 1 });
    await client.attachReceiver(queue, { channel: 1 });
    await fill(queue, BODY, BODY, BODY);
    client.send(amqp.flow({ channel: 1, handle: 0, deliveryCount: 0, linkCredit: 5 }));
    for (let id = 0; id < 3; id++) await client.expect('transfer', { channel: 1, deliveryId: id });
    // The other session has deliveries of these ids: here they are unknown.
    client.send(amqp.disposition({ role: true, first: 0, last: 2, settled: true }));
    client.send(amqp.end({ channel: 1 }));
    await client.expect('end', { channel: 1 });
    await client.attachReceiver(queue, { handle: 1 });
    client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 5 }));
    for (let id = 0; id < 3; id++) await client.expect('transfer', { channel: 0 });
  });
});

describe('errors', () => {
  test('2.5.4 2.8.17 a frame for a handle that is not attached ends the session', async () => {
    for (const frame of [
      amqp.flow({ handle: 7, linkCredit: 1 }),
      amqp.transfer({ handle: 7, deliveryId: 0, deliveryTag: 'a' }, BODY),
      amqp.detach({ handle: 7 }),
    ]) {
      const client = await session();
      client.send(frame);
      await client.expectEnd('amqp:session:unattached-handle');
      client.send(amqp.end());
      await client.expectSilence();
    }
  });

  test('2.7.3 2.8.17 an attach on a handle that is in use ends the session', async () => {
    const client = await session();
    await client.attachReceiver(name('queue'));
    client.send(amqp.attach({ name: 'other', role: true, source: { address: 'a' }, target: {} }));
    await client.expectEnd('amqp:session:handle-in-use');
  });

  test('2.7.2 a handle beyond handle-max ends the connection', async () => {
    const client = await session();
    client.send(amqp.attach({ handle: 50, name: 'n', role: true, source: { address: 'a' } }));
    await client.expectClose('amqp:connection:framing-error');
  });

  test('2.7.2 the highest handle is used', async () => {
    const client = await session();
    await client.attachReceiver(name('queue'), { handle: 49 });
    await client.expectSilence();
  });

  test('2.5.4 2.5.5 after an error everything is discarded up to the end of the client', async () => {
    const queue = name('queue');
    const client = await session();
    await client.begin({ channel: 1 });
    await client.attachSender(queue);
    client.send(
      amqp.flow({ handle: 7 }),
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, BODY),
      amqp.attach({ handle: 2, name: 'more', role: true, source: { address: queue }, target: {} }),
      amqp.flow({ handle: 9 }),
      amqp.disposition({ role: true, first: 0, settled: true }),
      amqp.detach({ handle: 4 }),
      amqp.end(),
    );
    await client.expectEnd('amqp:session:unattached-handle');
    await client.begin();
    await client.attachReceiver(queue);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await client.expectSilence();
  });

  test('2.5.4 the channel is not free before the client has ended the session, too', async () => {
    const client = await session();
    client.send(amqp.flow({ handle: 7 }));
    await client.expectEnd('amqp:session:unattached-handle');
    client.send(amqp.begin());
    await client.expectClose('amqp:not-allowed');
  });

  test('2.5.3 both sides may end a session at the same time', async () => {
    const client = await session();
    client.send(amqp.flow({ handle: 7 }), amqp.end({ error: { condition: 'amqp:not-found' } }));
    await client.expectEnd('amqp:session:unattached-handle');
    await client.begin();
  });

  test('2.5.4 the other sessions of a connection go on', async () => {
    const queue = name('queue');
    const client = await session();
    await client.begin({ channel: 1 });
    await client.attachSender(queue, { channel: 1 });
    client.send(amqp.flow({ handle: 7 }));
    await client.expectEnd('amqp:session:unattached-handle');
    client.send(amqp.transfer({ channel: 1, deliveryId: 0, deliveryTag: 'a' }, BODY));
    await client.expect('disposition', { channel: 1, first: 0, state: { kind: 'accepted' } });
  });

  test('2.5.4 what was sent before the error is confirmed before the end', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, DURABLE),
      amqp.flow({ handle: 7 }),
    );
    await client.expect('disposition', { first: 0, settled: true, state: { kind: 'accepted' } });
    await client.expectEnd('amqp:session:unattached-handle');
  });

  test('2.5.4 the deliveries of a session that failed go back', async () => {
    const queue = name('queue');
    const client = await session();
    await fill(queue, BODY);
    await client.attachReceiver(queue, { handle: 1 });
    client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
    await client.expect('transfer');
    client.send(amqp.flow({ handle: 7 }), amqp.end());
    await client.expectEnd('amqp:session:unattached-handle');
    await client.begin();
    await client.attachReceiver(queue);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await client.expect('transfer', { deliveryId: 0 });
  });
});

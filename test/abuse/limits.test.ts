import { connect } from 'node:net';
import type { LimitName } from '@causeway/core';
import { afterEach, describe, expect, test } from 'vitest';
import { RawMqtt } from '../support/raw-mqtt.js';
import type { ConnectOptions } from '../support/raw-mqtt-builder.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { RawStomp } from './raw-stomp.js';

const QUOTA_EXCEEDED = 0x97;

let server: TestServer | null = null;
const clients: { destroy(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server?.close();
  server = null;
});

async function start(limits: Partial<Record<LimitName, number>>): Promise<TestServer> {
  server = await startTestServer({ limits });
  return server;
}

async function mqtt(options: ConnectOptions): Promise<RawMqtt> {
  const client = await RawMqtt.open(server!.mqttPort);
  clients.push(client);
  await client.login(options);
  return client;
}

async function stomp(): Promise<RawStomp> {
  const client = await RawStomp.login(server!.stompPort);
  clients.push(client);
  return client;
}

describe('retained messages', () => {
  test('of more topics than allowed are refused, and the others stay', async () => {
    await start({ retainedMessagesMax: 3 });
    const client = await mqtt({ clientId: 'flood' });
    const reasons: (number | undefined)[] = [];
    for (let id = 1; id <= 20; id++) {
      client.publish({ topic: `kept/${id}`, payload: 'x', qos: 1, id, retain: true });
      reasons.push((await client.expect('puback', { id })).reason ?? 0);
    }
    expect(reasons.filter((reason) => reason !== QUOTA_EXCEEDED).length).toBe(3);
    expect(reasons.slice(3)).toEqual(Array(17).fill(QUOTA_EXCEEDED));
    expect(server!.broker.retainedCount).toBe(3);
    // One that is there already changes, and one that goes makes room.
    client.publish({ topic: 'kept/1', payload: 'y', qos: 1, id: 21, retain: true });
    expect((await client.expect('puback', { id: 21 })).reason).not.toBe(QUOTA_EXCEEDED);
    await client.deliver({ topic: 'kept/1', payload: '', retain: true, id: 22 });
    client.publish({ topic: 'kept/9', payload: 'y', qos: 1, id: 23, retain: true });
    expect((await client.expect('puback', { id: 23 })).reason).not.toBe(QUOTA_EXCEEDED);
  });

  test('of more bytes than allowed are refused', async () => {
    await start({ retainedBytesMax: 5000 });
    const client = await mqtt({ clientId: 'flood' });
    const payload = 'x'.repeat(2000);
    const reasons: (number | undefined)[] = [];
    for (let id = 1; id <= 4; id++) {
      client.publish({ topic: `kept/${id}`, payload, qos: 1, id, retain: true });
      reasons.push((await client.expect('puback', { id })).reason);
    }
    expect(reasons.slice(2)).toEqual([QUOTA_EXCEEDED, QUOTA_EXCEEDED]);
    expect(server!.broker.retainedCount).toBe(2);
  });
});

describe('subscriptions', () => {
  test('beyond the limit are refused in MQTT, one by one', async () => {
    await start({ subscriptionsPerConnectionMax: 2 });
    const client = await mqtt({ clientId: 'many' });
    await client.subscribe('a');
    client.send(
      client.builder.subscribe(1, [
        ['b', 0],
        ['c', 0],
      ]),
    );
    await client.expect('suback', { reasons: [0, QUOTA_EXCEEDED] });
    client.send(client.builder.unsubscribe(2, ['a']));
    await client.expect('unsuback', { reasons: [0] });
    await client.subscribe('c', 0, [], 3);
    // More filters in one packet than there may be at all.
    client.send(
      client.builder.subscribe(
        4,
        [...'xyz'].map((filter) => [filter, 0] as const),
      ),
    );
    await client.expectDisconnect(QUOTA_EXCEEDED);
  });

  test('beyond the limit end a STOMP connection with an ERROR', async () => {
    await start({ subscriptionsPerConnectionMax: 2 });
    const client = await stomp();
    for (const id of [1, 2]) client.send(`SUBSCRIBE\nid:${id}\ndestination:/topic/a\n\n^`);
    await client.handled();
    expect(client.closed).toBe(false);
    client.send('SUBSCRIBE\nid:3\ndestination:/topic/a\n\n^');
    await client.until(() => client.closed);
    expect(client.text).toContain('ERROR\nmessage:quota exceeded\n');
  });
});

describe('connections', () => {
  test('of one user are counted over the protocols', async () => {
    await start({ connectionsPerUserMax: 2 });
    const first = await mqtt({ clientId: 'one' });
    await stomp();
    const third = await RawMqtt.open(server!.mqttPort);
    clients.push(third);
    third.send(third.builder.connect({ clientId: 'three' }));
    await third.expectRefused(QUOTA_EXCEEDED);
    const fourth = await stomp();
    expect(fourth.text).toContain('ERROR\nmessage:quota exceeded\n');
    await first.leave();
    expect((await stomp()).text).toContain('CONNECTED');
  });

  test('of one address beyond the limit are closed without a word', async () => {
    await start({ connectionsPerAddressMax: 2 });
    await mqtt({ clientId: 'one' });
    await mqtt({ clientId: 'two' });
    const third = new RawStomp(server!.stompPort);
    clients.push(third);
    await third.until(() => third.closed);
    expect(third.text).toBe('');
    expect(server!.broker.metrics.connectionsRefused).toBe(1);
  });
});

describe('queues', () => {
  test('beyond the limit are refused in the words of each protocol', async () => {
    await start({ queuesMax: 2 });
    const client = await mqtt({ clientId: 'maker' });
    await client.deliver({ topic: '$queue/one', id: 1 });
    client.publish({ topic: '$queue/two', qos: 1, id: 2 });
    await client.expect('puback', { id: 2, reason: QUOTA_EXCEEDED });
    const sender = await stomp();
    sender.send('SEND\ndestination:/queue/two\n\nx^');
    await sender.until(() => sender.closed);
    expect(sender.text).toContain('ERROR\nmessage:quota exceeded\n');
  });
});

describe('prefetch', () => {
  const subscribe = (header: string) =>
    `SUBSCRIBE\nid:1\ndestination:/queue/p\nack:client-individual\n${header}\n^`;

  async function delivered(header: string): Promise<number> {
    const consumer = await stomp();
    for (let count = 0; count < 20; count++) consumer.send('SEND\ndestination:/queue/p\n\nx^');
    consumer.send(subscribe(header));
    await consumer.handled();
    await consumer.until(() => consumer.count('MESSAGE') > 0);
    await consumer.handled();
    return consumer.count('MESSAGE');
  }

  test('is prefetchDefault when nothing is asked for', async () => {
    await start({ prefetchDefault: 3, prefetchMax: 5 });
    expect(await delivered('')).toBe(3);
  });

  test('is lowered to prefetchMax', async () => {
    await start({ prefetchDefault: 3, prefetchMax: 5 });
    expect(await delivered('prefetch-count:1000\n')).toBe(5);
  });
});

test('a will comes after willDelayMsMax, however long its delay', async () => {
  await start({ willDelayMsMax: 5000 });
  const witness = await mqtt({ clientId: 'witness' });
  await witness.subscribe('will');
  const client = await mqtt({
    clientId: 'gone',
    properties: [['sessionExpiryInterval', 3600]],
    will: { topic: 'will', payload: 'gone', properties: [['willDelayInterval', 3000]] },
  });
  await client.drop();
  await witness.expectSilence();
  server!.skip(4000);
  await witness.expectSilence();
  server!.skip(1500);
  await witness.expect('publish', { payload: 'gone' });
});

test('the head of a WebSocket handshake beyond httpHeadBytesMax is refused', async () => {
  await start({ httpHeadBytesMax: 2000 });
  const request = (padding: number) =>
    new Promise<string>((resolve) => {
      let answer = '';
      const socket = connect(server!.webSocketPort, '127.0.0.1', () => {
        socket.write(`GET / HTTP/1.1\r\nHost: a\r\nX-Padding: ${'x'.repeat(padding)}\r\n\r\n`);
      });
      socket.setEncoding('latin1');
      socket.on('data', (text: string) => {
        answer += text;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer.slice(0, 12)));
    });
  expect(await request(1000)).toBe('HTTP/1.1 426');
  expect(await request(3000)).toBe('HTTP/1.1 431');
});

import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { RawMqtt } from '../../support/raw-mqtt.js';
import { mqtt5, mqtt311, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { decodePacket, type Packet } from '../../support/raw-mqtt-decoder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer();
const { connect, name } = fixture;
const sockets: WebSocket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});

function create(protocols: string[] | undefined): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${fixture.server.webSocketPort}/mqtt`, protocols);
  sockets.push(socket);
  return socket;
}

async function openSocket(protocols: string[] = ['mqtt']): Promise<WebSocket> {
  const socket = create(protocols);
  await once(socket, 'open');
  return socket;
}

/** An MQTT client over a WebSocket; each `send` is one binary frame. */
async function openMqtt(): Promise<RawMqtt> {
  return new RawMqtt(createWebSocketStream(await openSocket()));
}

test('[MQTT-6.0.0-1] the server sends binary frames', async () => {
  const socket = await openSocket();
  const message = once(socket, 'message');
  socket.send(mqtt5.connect({ clientId: name() }));
  const [data, isBinary] = (await message) as [Buffer, boolean];
  expect(isBinary).toBe(true);
  expect(decodePacket(data, 5)).toMatchObject({ type: 'connack', reason: 0 });
});

test('[MQTT-6.0.0-1] a text frame closes the connection', async () => {
  const socket = await openSocket();
  socket.send(mqtt5.connect({ clientId: name() }));
  await once(socket, 'message');
  const closed = once(socket, 'close');
  socket.send('text');
  await closed;
});

test('[MQTT-6.0.0-1] a text frame has the will published', async () => {
  const topic = name('will');
  const watcher = await connect();
  await watcher.subscribe(topic);
  const socket = await openSocket();
  socket.send(mqtt5.connect({ clientId: name(), will: { topic, payload: 'gone' } }));
  await once(socket, 'message');
  socket.send('text');
  await watcher.expect('publish', { payload: 'gone' });
});

test('[MQTT-6.0.0-1] a text frame as the first closes the connection', async () => {
  const socket = await openSocket();
  const closed = once(socket, 'close');
  socket.send(mqtt5.connect({ clientId: name() }).toString('latin1'));
  await closed;
});

test('[MQTT-6.0.0-2] several packets in one frame are understood', async () => {
  const topic = name('t');
  const client = await openMqtt();
  client.send(
    mqtt5.connect({ clientId: name() }),
    mqtt5.subscribe(1, [[topic, 1]]),
    mqtt5.publish({ topic, payload: 'one', qos: 1, id: 2 }),
    PINGREQ,
  );
  await client.expect('connack', { reason: 0 });
  const types = (await client.take(4)).map(({ type }) => type);
  expect(types.sort()).toEqual(['pingresp', 'puback', 'publish', 'suback']);
});

test('[MQTT-6.0.0-2] packets in single-byte frames are understood', async () => {
  const topic = name('t');
  const client = await openMqtt();
  for (const byte of mqtt5.connect({ clientId: name() })) client.send(Buffer.of(byte));
  await client.expect('connack', { reason: 0 });
  await client.subscribe(topic);
  for (const byte of mqtt5.publish({ topic, payload: 'slow' })) client.send(Buffer.of(byte));
  await client.expect('publish', { payload: 'slow' });
});

test('[MQTT-6.0.0-2] a frame may end within a packet and begin with its rest', async () => {
  const topic = name('t');
  const client = await openMqtt();
  const bytes = Buffer.concat([
    mqtt5.connect({ clientId: name() }),
    mqtt5.subscribe(1, [[topic, 0]]),
    mqtt5.publish({ topic, payload: 'x'.repeat(300) }),
  ]);
  for (let at = 0; at < bytes.length; at += 37) client.send(bytes.subarray(at, at + 37));
  await client.expect('connack', { reason: 0 });
  const types = (await client.take(2)).map(({ type }) => type);
  expect(types.sort()).toEqual(['publish', 'suback']);
});

test('[MQTT-6.0.0-2] an empty frame means nothing', async () => {
  const client = await openMqtt();
  client.send(Buffer.alloc(0), mqtt5.connect({ clientId: name() }));
  await client.expect('connack', { reason: 0 });
  client.send(Buffer.alloc(0));
  await client.expectSilence();
});

test('[MQTT-6.0.0-3] a client that does not offer "mqtt" is not served', async () => {
  for (const protocols of [undefined, ['chat'], ['MQTT']]) {
    const socket = create(protocols);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/400|subprotocol/i);
  }
});

test('[MQTT-6.0.0-4] the server selects the sub-protocol "mqtt"', async () => {
  for (const protocols of [['mqtt'], ['chat', 'mqtt'], ['mqtt', 'v12.stomp']]) {
    expect((await openSocket(protocols)).protocol).toBe('mqtt');
  }
});

test('[MQTT-6.0.0-4] MQTT 3.1.1 is spoken under "mqtt" too', async () => {
  const socket = await openSocket();
  const message = once(socket, 'message');
  socket.send(mqtt311.connect({ clientId: name() }));
  const [data] = (await message) as [Buffer];
  const packet: Packet | null = decodePacket(data, 4);
  expect(packet).toMatchObject({ type: 'connack', reason: 0 });
});

test('[MQTT-4.2.0-1] TCP and WebSocket clients reach each other', async () => {
  const topic = name('t');
  const client = await openMqtt();
  await client.login({ clientId: name() });
  await client.subscribe(topic, 2);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'across' });
  await client.expect('publish', { payload: 'across', qos: 1 });
});

test('[MQTT-3.14.4-2] the server closes the WebSocket after DISCONNECT', async () => {
  const client = await openMqtt();
  await client.login({ clientId: name() });
  client.send(mqtt5.subscribe(1, []));
  await client.expectDisconnect(0x82);
});

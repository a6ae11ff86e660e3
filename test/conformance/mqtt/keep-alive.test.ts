import { expect, test } from 'vitest';
import { singleOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({ anonymous: true, limits: { keepAliveSecondsMax: 600 } });
const { connect, name, open } = fixture;

const KEEP_ALIVE_TIMEOUT = 0x8d;

test('[MQTT-3.1.2-22] silence of one and a half keep-alive times closes the connection', async () => {
  const client = await connect({ keepAlive: 10 });
  fixture.server.skip(15_001);
  await client.expectDisconnect(KEEP_ALIVE_TIMEOUT);
});

test('[MQTT-3.1.2-22] the connection stands before that', async () => {
  const client = await connect({ keepAlive: 100 });
  fixture.server.skip(148_000);
  await client.expectSilence();
});

test('[MQTT-3.1.2-22] every packet starts the time anew', async () => {
  const client = await connect({ keepAlive: 100 });
  for (let round = 0; round < 3; round++) {
    fixture.server.skip(120_000);
    client.publish({ topic: name('t') });
    await client.expectSilence();
  }
  await client.expectSilence();
});

test('[MQTT-3.1.2-22] what the server sends does not start the time anew', async () => {
  const topic = name('t');
  const client = await connect({ keepAlive: 10 });
  await client.subscribe(topic);
  const sender = await connect();
  fixture.server.skip(8000);
  sender.publish({ topic });
  await client.expect('publish');
  fixture.server.skip(8000);
  await client.expectDisconnect(KEEP_ALIVE_TIMEOUT);
});

test('[MQTT-3.1.2-22] the will is published, since it counts as a failed network', async () => {
  const topic = name('will');
  const watcher = await connect();
  await watcher.subscribe(topic);
  const client = await connect({ keepAlive: 10, will: { topic, payload: 'silent' } });
  fixture.server.skip(15_001);
  await client.expectDisconnect(KEEP_ALIVE_TIMEOUT);
  await watcher.expect('publish', { payload: 'silent' });
});

test('[MQTT-3.1.2-22] an MQTT 3.1.1 client is closed without a packet', async () => {
  const client = await connect({ keepAlive: 10 }, 4);
  fixture.server.skip(15_001);
  await client.expectClosed();
});

test('[MQTT-3.1.2-22] half a packet does not count', async () => {
  const client = await connect({ keepAlive: 10 });
  const bytes = mqtt5.publish({ topic: 'a', payload: 'never whole' });
  client.send(bytes.subarray(0, 4));
  fixture.server.skip(15_001);
  await client.expectDisconnect(KEEP_ALIVE_TIMEOUT);
});

test('[MQTT-3.1.2-21] [MQTT-3.2.2-21] the time is the one that Server Keep Alive told', async () => {
  const client = await open();
  const connack = await client.login({ clientId: name(), keepAlive: 60_000 });
  expect(singleOf(connack, 'serverKeepAlive')).toBe(600);
  fixture.server.skip(900_001);
  await client.expectDisconnect(KEEP_ALIVE_TIMEOUT);
});

test('[MQTT-3.2.2-22] without Server Keep Alive the time is the one of the client', async () => {
  const short = await connect({ keepAlive: 20 });
  const long = await connect({ keepAlive: 500 });
  fixture.server.skip(30_001);
  await short.expectDisconnect(KEEP_ALIVE_TIMEOUT);
  await long.expectSilence();
});

test('[MQTT-3.1.2-22] bytes that make no packet do not start the time anew', async () => {
  const client = await connect({ keepAlive: 10 });
  const bytes = mqtt5.publish({ topic: 'a', payload: 'never whole' });
  client.send(bytes.subarray(0, 1));
  fixture.server.skip(8000);
  client.send(bytes.subarray(1, 2));
  // Another connection shows that the byte has been read.
  const other = await connect();
  await other.expectSilence();
  fixture.server.skip(8000);
  await client.expectDisconnect(KEEP_ALIVE_TIMEOUT);
});

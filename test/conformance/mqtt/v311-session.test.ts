import { expect, test } from 'vitest';
import { mqtt311 } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer();
const { name } = fixture;
const connect = (options = {}) => fixture.connect(options, 4);

test('[MQTT311-3.1.2-4] CleanSession 0 resumes the session', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.leave();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'waiting' });
  const second = await connect(session);
  await second.expect('publish', { payload: 'waiting', qos: 1 });
});

test('[MQTT311-3.1.2-5] QoS 1 and 2 messages are stored for a client that is away', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false };
  const first = await connect(session);
  await first.subscribe(topic, 2);
  await first.leave();
  const sender = await connect();
  sender.publish({ topic, payload: '1', qos: 1, id: 1 });
  sender.publish({ topic, payload: '2', qos: 2, id: 2 }).send(mqtt311.pubrel(2));
  await sender.take(3);
  await fixture.server.restart();
  const second = await connect(session);
  await second.expect('publish', { payload: '1', qos: 1 });
  await second.expect('publish', { payload: '2', qos: 2 });
});

test('[MQTT311-3.1.2-6] CleanSession 1 discards the session, before and after', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect({ clientId, cleanStart: false });
  await first.subscribe(topic, 1);
  await first.leave();
  const second = await connect({ clientId, cleanStart: true });
  await second.subscribe(`${topic}/clean`, 1);
  await second.leave();
  const sender = await connect();
  await sender.deliver({ topic });
  await sender.deliver({ topic: `${topic}/clean` });
  const third = await fixture.open(4);
  expect((await third.login({ clientId, cleanStart: false })).acknowledgeFlags).toBe(0);
  await third.expectSilence();
});

test('[MQTT311-3.1.2-7] retained messages stay when the session ends', async () => {
  const topic = name('t');
  const first = await connect();
  await first.deliver({ topic, payload: 'kept', retain: true });
  await first.leave();
  const second = await connect();
  await second.subscribe(topic);
  await second.expect('publish', { payload: 'kept', retain: true });
});

test('[MQTT311-3.1.2-8] the will is published when the connection ends without DISCONNECT', async () => {
  const topic = name('will');
  const watcher = await connect();
  await watcher.subscribe(topic, 2);
  const dropped = await connect({ will: { topic, payload: 'dropped', qos: 1 } });
  await dropped.drop();
  await watcher.expect('publish', { payload: 'dropped', qos: 1 });
  const silent = await connect({ keepAlive: 10, will: { topic, payload: 'silent', qos: 2 } });
  fixture.server.skip(16_000);
  await silent.expectClosed();
  await watcher.expect('publish', { payload: 'silent', qos: 2 });
  const wrong = await connect({ will: { topic, payload: 'wrong' } });
  wrong.send(mqtt311.subscribe(1, []));
  await wrong.expectClosed();
  await watcher.expect('publish', { payload: 'wrong' });
});

test('[MQTT311-3.1.2-10] [MQTT311-3.14.4-3] DISCONNECT discards the will', async () => {
  const topic = name('will');
  const watcher = await connect();
  await watcher.subscribe(topic, 2);
  const client = await connect({ will: { topic, payload: 'gone' } });
  await client.leave();
  await watcher.expectSilence();
});

test('[MQTT311-3.1.2-16] [MQTT311-3.1.2-17] the will is retained when it says so', async () => {
  const topic = name('will');
  for (const retain of [false, true]) {
    const client = await connect({
      will: { topic: `${topic}/${retain}`, payload: 'gone', retain },
    });
    const watcher = await connect();
    await watcher.subscribe(`${topic}/${retain}`);
    await client.drop();
    await watcher.expect('publish', { payload: 'gone', retain: false });
    const late = await connect();
    await late.subscribe(`${topic}/${retain}`);
    if (retain) await late.expect('publish', { payload: 'gone', retain: true });
    else await late.expectSilence();
  }
});

test('[MQTT311-3.14.1-1] DISCONNECT with flags closes the connection, and the will is sent', async () => {
  const topic = name('will');
  const watcher = await connect();
  await watcher.subscribe(topic);
  const client = await connect({ will: { topic, payload: 'gone' } });
  client.send(Buffer.of(0xe1, 0x00));
  await client.expectClosed();
  await watcher.expect('publish', { payload: 'gone' });
});

test('[MQTT311-3.14.4-1] [MQTT311-3.14.4-2] the server closes after DISCONNECT', async () => {
  const client = await connect();
  client.send(mqtt311.disconnect());
  await client.expectClosed();
});

test('[MQTT311-4.1.0-1] [MQTT311-4.1.0-2] a session is kept as long as the server keeps any', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.leave();
  fixture.server.skip(24 * 3600 * 1000);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept' });
  const second = await connect(session);
  await second.expect('publish', { payload: 'kept' });
});

test('[MQTT311-3.1.2-4] a session goes over from MQTT 3.1.1 to MQTT 5 and back', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect({ clientId, cleanStart: false });
  await first.subscribe(topic, 1);
  await first.leave();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'one' });
  const second = await fixture.open(5);
  const connack = await second.login({
    clientId,
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]],
  });
  expect(connack.acknowledgeFlags).toBe(1);
  const { id } = await second.expect('publish', { payload: 'one', qos: 1 });
  await second.drop();
  const third = await connect({ clientId, cleanStart: false });
  await third.expect('publish', { payload: 'one', id: id ?? 0, dup: true });
});

test('[MQTT311-4.7.2-1] filters that begin with a wildcard do not match $ topics', async () => {
  const client = await connect();
  await client.subscribe('+/x');
  client.publish({ topic: '$test/x' });
  await client.expectSilence();
});

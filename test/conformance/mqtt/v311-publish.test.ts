import { expect, test } from 'vitest';
import { mqtt311, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { hex, packet, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({
  anonymous: true,
  authorization: [
    { destination: 'topic://>', read: ['*'], write: ['*'], admin: ['*'] },
    { destination: 'topic://closed.>', read: ['people'], write: ['people'], admin: [] },
  ],
});
const { name } = fixture;
const connect = (options = {}) => fixture.connect(options, 4);

test('[MQTT311-2.3.1-5] [MQTT311-4.3.1-1] QoS 0 has no identifier, and no properties', async () => {
  const client = await connect();
  await client.subscribe('v311/0', 2);
  client.publish({ topic: 'v311/0', payload: 'hi' });
  await client.expectBytes(hex('30 0a 0006 763331312f30 6869'));
});

test('[MQTT311-3.3.4-1] [MQTT311-2.3.1-6] QoS 1 is answered by a PUBACK of four bytes', async () => {
  const client = await connect();
  client.publish({ topic: name('nobody'), qos: 1, id: 0x1234 });
  await client.expectBytes(hex('40 02 1234'));
});

test('[MQTT311-4.3.3-2] QoS 2 is answered by PUBREC and PUBCOMP of four bytes', async () => {
  const client = await connect();
  client.publish({ topic: name('nobody'), qos: 2, id: 0x1234 });
  await client.expectBytes(hex('50 02 1234'));
  client.send(mqtt311.pubrel(0x1234));
  await client.expectBytes(hex('70 02 1234'));
  client.send(mqtt311.pubrel(0x1234));
  await client.expectBytes(hex('70 02 1234'));
});

test('[MQTT311-4.3.3-1] a QoS 2 delivery goes through PUBREC, PUBREL and PUBCOMP', async () => {
  const client = await connect();
  await client.subscribe('v311/2', 2);
  const sender = await connect();
  sender.publish({ topic: 'v311/2', qos: 2, id: 7, payload: 'x' }).send(mqtt311.pubrel(7));
  const received = await client.expect('publish', { qos: 2, payload: 'x', dup: false });
  const id = received.id ?? 0;
  client.send(mqtt311.pubrec(id));
  await client.expectBytes(Buffer.concat([hex('62 02'), two(id)]));
  client.send(mqtt311.pubcomp(id));
  await client.expectSilence();
});

test('[MQTT311-3.3.1-1] [MQTT311-4.4.0-1] unacknowledged messages come again with DUP', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'again' });
  const { id } = await first.expect('publish', { dup: false });
  await first.drop();
  const second = await connect(session);
  await second.expect('publish', { id: id ?? 0, dup: true, payload: 'again' });
  second.send(mqtt311.puback(id ?? 0));
  await second.expectSilence();
});

test('[MQTT311-3.3.1-4] QoS 3 closes the connection', async () => {
  const client = await connect();
  client.publish({ topic: 'a', qos: 3, id: 1 });
  await client.expectClosed();
});

test('[MQTT311-3.3.2-2] a topic name with a wildcard closes the connection', async () => {
  for (const topic of ['a/+', '#', '']) {
    const client = await connect();
    client.publish({ topic });
    await client.expectClosed();
  }
});

test('[MQTT311-3.3.5-1] overlapping subscriptions get one copy at their highest QoS', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 0);
  await client.subscribe(`${topic}/#`, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'x' });
  await client.expect('publish', { payload: 'x', qos: 1 });
  await client.expectSilence();
});

test('[MQTT311-3.3.5-2] a publish that is not authorised is acknowledged, or ends the connection', async () => {
  const watcher = await connect();
  const client = await connect();
  client.publish({ topic: 'closed/door', qos: 1, id: 3 });
  const answer = await client.nextOrClosed();
  if (answer !== null) expect(answer).toMatchObject({ type: 'puback', id: 3 });
  await watcher.expectSilence();
});

test('[MQTT311-3.3.1-5] [MQTT311-3.3.1-8] [MQTT311-3.3.1-9] retained messages have RETAIN for new subscriptions only', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  await client.expect('publish', { payload: 'kept', retain: false });
  await client.subscribe(topic);
  await client.expect('publish', { payload: 'kept', retain: true });
});

test('[MQTT311-3.3.1-10] [MQTT311-3.3.1-11] an empty retained message removes the one before', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  await sender.deliver({ topic, payload: '', retain: true });
  const client = await connect();
  await client.subscribe(topic);
  await client.expectSilence();
});

test('[MQTT311-3.3.1-7] a QoS 0 retained message replaces the one before', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'old', retain: true });
  sender.publish({ topic, payload: 'new', retain: true });
  await sender.expectSilence();
  const client = await connect();
  await client.subscribe(topic);
  await client.expect('publish', { payload: 'new', retain: true });
  await client.expectSilence();
});

test('[MQTT311-3.6.1-1] PUBREL with other flags closes the connection', async () => {
  const client = await connect();
  client.send(packet(0x60, two(1)));
  await client.expectClosed();
});

test('[MQTT311-4.6.0-6] messages of a topic keep their order', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 1);
  const sender = await connect();
  for (let id = 1; id <= 100; id++) sender.publish({ topic, payload: `${id}`, qos: 1, id });
  const payloads = (await client.take(100)).map(({ payload }) => payload);
  expect(payloads).toEqual(Array.from({ length: 100 }, (_, index) => `${index + 1}`));
});

test('[MQTT311-4.3.2-2] an acknowledgement may not be longer than four bytes', async () => {
  const client = await connect();
  client.send(packet(0x40, two(1), Buffer.of(0)), PINGREQ);
  await client.expectClosed();
});

test('[MQTT311-3.3.1-1] messages of MQTT 5 clients arrive without their properties', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 1);
  const sender = await fixture.connect({}, 5);
  await sender.deliver({
    topic,
    payload: 'x',
    properties: [
      ['contentType', 'text/plain'],
      ['userProperty', ['a', 'b']],
      ['messageExpiryInterval', 60],
    ],
  });
  const received = await client.expect('publish', { payload: 'x' });
  expect(received.bytes.length).toBe(2 + 2 + topic.length + 2 + 1);
});

test('[MQTT311-3.3.1-1] messages of MQTT 3.1.1 clients arrive at MQTT 5 clients without properties', async () => {
  const topic = name('t');
  const client = await fixture.connect({}, 5);
  await client.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'x' });
  expect((await client.expect('publish', { payload: 'x' })).properties).toEqual([]);
});

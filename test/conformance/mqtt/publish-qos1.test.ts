import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { hex } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({
  users: [{ name: 'ann', password: 'secret of ann', groups: ['people'] }],
  anonymous: true,
  authorization: [
    { destination: 'topic://>', read: ['*'], write: ['*'], admin: ['*'] },
    { destination: 'topic://closed.>', read: ['people'], write: ['people'], admin: [] },
  ],
});
const { connect, name } = fixture;

const LASTING = [['sessionExpiryInterval', 60]] as const;
/** Section 3.4.2.1. */
const PUBACK_REASONS = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

test('[MQTT-3.3.4-1] [MQTT-4.3.2-4] a QoS 1 PUBLISH is answered by PUBACK', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  sender.publish({ topic, qos: 1, id: 0x1234 });
  await sender.expectBytes(hex('40 02 1234'));
});

test('[MQTT-3.4.2-1] PUBACK has a reason of its table', async () => {
  const client = await connect();
  const topics = [name('nobody'), 'closed/door', `${name()}/deep/${'x/'.repeat(40)}`];
  for (const topic of topics) {
    client.publish({ topic, qos: 1, id: 5 });
    const puback = await client.expect('puback', { id: 5 });
    expect(PUBACK_REASONS).toContain(puback.reason);
  }
});

test('[MQTT-3.4.2-1] a publish that is not authorised is answered by PUBACK with 0x87', async () => {
  const client = await connect();
  client.publish({ topic: 'closed/door', qos: 1, id: 6 });
  await client.expect('puback', { id: 6, reason: 0x87 });
  await client.expectSilence();
});

test('[MQTT-3.4.2-1] a text payload that is not UTF-8 is answered by PUBACK with 0x99', async () => {
  const client = await connect();
  client.publish({
    topic: name('t'),
    qos: 1,
    id: 7,
    payload: Buffer.of(0xff, 0xfe),
    properties: [['payloadFormatIndicator', 1]],
  });
  await client.expect('puback', { id: 7, reason: 0x99 });
});

test('[MQTT-3.4.2-2] PUBACK fits into Maximum Packet Size: no reason string', async () => {
  const client = await connect({ properties: [['maximumPacketSize', 40]] });
  client.publish({ topic: 'closed/door', qos: 1, id: 6 });
  const puback = await client.expect('puback', { reason: 0x87 });
  expect(puback.bytes.length).toBeLessThanOrEqual(40);
  const tight = await connect({ properties: [['maximumPacketSize', 30]] });
  tight.publish({ topic: 'closed/door', qos: 1, id: 6 });
  expect((await tight.expect('puback', { reason: 0x87 })).bytes.length).toBeLessThanOrEqual(30);
});

test('[MQTT-3.4.2-3] PUBACK fits into Maximum Packet Size: no user property', async () => {
  const client = await connect({ properties: [['maximumPacketSize', 30]] });
  client.publish({ topic: 'closed/door', qos: 1, id: 6 });
  const puback = await client.expect('puback', { reason: 0x87 });
  expect(puback.bytes.length).toBeLessThanOrEqual(30);
  expect(valuesOf(puback, 'userProperty')).toEqual([]);
});

test('[MQTT-4.3.2-1] every new QoS 1 message gets an unused identifier', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 1);
  const sender = await connect();
  for (let id = 1; id <= 10; id++) sender.publish({ topic, qos: 1, id });
  const ids = (await receiver.take(10)).map(({ id }) => id);
  expect(new Set(ids).size).toBe(10);
});

test('[MQTT-4.3.2-2] a QoS 1 message arrives as the exact bytes of a QoS 1 PUBLISH', async () => {
  const receiver = await connect();
  await receiver.subscribe('exact/1', 1);
  const sender = await connect();
  sender.publish({ topic: 'exact/1', payload: 'hi', qos: 1, id: 99 });
  const received = await receiver.next();
  const id = (received.id ?? 0).toString(16).padStart(4, '0');
  expect(received.bytes).toEqual(hex(`32 0e 0007 65786163742f31 ${id} 00 6869`));
});

test('[MQTT-4.3.2-3] a QoS 1 message stays unacknowledged until PUBACK', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'again' });
  const { id } = await first.expect('publish', { payload: 'again', dup: false });
  await first.drop();
  const second = await connect(session);
  await second.expect('publish', { id: id ?? 0, payload: 'again', dup: true });
  second.send(mqtt5.puback(id ?? 0));
  await second.expectSilence();
  await second.drop();
  const third = await connect(session);
  await third.expectSilence();
});

test('[MQTT-4.3.2-5] after PUBACK the same identifier is a new message, even with DUP', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 0);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'one', id: 3 });
  await sender.deliver({ topic, payload: 'two', id: 3, dup: true });
  await receiver.expect('publish', { payload: 'one' });
  await receiver.expect('publish', { payload: 'two' });
});

test('[MQTT-3.3.1-1] a PUBLISH that is sent again has DUP 1', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic });
  await first.expect('publish', { dup: false, flags: 2 });
  await first.drop();
  const second = await connect(session);
  await second.expect('publish', { dup: true, flags: 0x0a });
});

test('[MQTT-3.3.1-3] a message that was never sent has DUP 0 after a reconnect', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic });
  const second = await connect(session);
  await second.expect('publish', { dup: false });
});

test('[MQTT-4.4.0-1] nothing is sent again while the connection stands', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic });
  await receiver.expect('publish');
  fixture.server.skip(120_000);
  await sender.deliver({ topic, payload: 'later' });
  await receiver.expect('publish', { payload: 'later', dup: false });
  await receiver.expectSilence();
});

test('[MQTT-4.4.0-2] a message that was refused by PUBACK with 0x80 is not sent again', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  const sender = await connect();
  for (const reason of [0x80, 0x83, 0x87, 0x97, 0x99]) {
    await sender.deliver({ topic });
    const { id } = await first.expect('publish');
    first.send(mqtt5.puback(id ?? 0, reason));
    await first.expectSilence();
  }
  await first.drop();
  const second = await connect(session);
  await second.expectSilence();
});

test('[MQTT-4.6.0-2] PUBACKs leave in the order of the PUBLISH packets', async () => {
  const topic = name('t');
  const receiver = await connect({ clientId: name(), cleanStart: false, properties: LASTING });
  await receiver.subscribe(topic, 1);
  const sender = await connect();
  const ids = Array.from({ length: 50 }, (_, index) => 1 + ((index * 7) % 50));
  // Some are durable and some not: their answers must not overtake each other.
  const packets = ids.map((id) =>
    mqtt5.publish({ topic: id % 3 === 0 ? topic : `${topic}/nobody`, qos: 1, id }),
  );
  sender.send(...packets);
  const acknowledged = (await sender.take(50)).map(({ id }) => id);
  expect(acknowledged).toEqual(ids);
});

test('[MQTT-4.6.0-5] [MQTT-4.6.0-6] messages of a topic keep the order of their sender', async () => {
  for (const qos of [0, 1, 2]) {
    const topic = name('t');
    const receiver = await connect();
    await receiver.subscribe(`${topic}/#`, qos);
    const sender = await connect();
    const payloads = Array.from({ length: 200 }, (_, index) => `${index}`);
    for (const [index, payload] of payloads.entries()) {
      sender.publish({ topic, payload, qos, id: index + 1 });
    }
    const received = (await receiver.take(200)).map(({ payload }) => payload);
    expect(received).toEqual(payloads);
  }
});

test('[MQTT-4.6.0-1] messages are sent again in their order', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(topic, 2);
  const sender = await connect();
  for (let id = 1; id <= 10; id++)
    sender.publish({ topic, payload: `${id}`, qos: 1 + (id % 2), id });
  const before = (await first.take(10)).map(({ id, payload }) => ({ id, payload }));
  await first.drop();
  const second = await connect(session);
  const after = (await second.take(10)).map(({ id, payload }) => ({ id, payload }));
  expect(after).toEqual(before);
});

test('[MQTT-4.5.0-1] a QoS 1 message goes into the session of a client that is away', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept' });
  const second = await connect(session);
  await second.expect('publish', { payload: 'kept', qos: 1 });
});

import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { hex, packet, prefixed } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const { connect, name } = useMqttServer();

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_NAME_INVALID = 0x90;

test('[MQTT-3.3.1-2] a QoS 0 PUBLISH with DUP is malformed', async () => {
  const client = await connect();
  client.publish({ topic: 'a', dup: true });
  await client.expectDisconnect(MALFORMED, PROTOCOL_ERROR);
});

test('[MQTT-3.3.1-2] [MQTT-4.3.1-1] a QoS 0 PUBLISH of the server has DUP 0', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 0);
  const sender = await connect();
  sender.publish({ topic }).publish({ topic, qos: 1, id: 1 });
  await receiver.expect('publish', { qos: 0, dup: false });
  await receiver.expect('publish', { qos: 0, dup: false });
});

test('[MQTT-3.3.1-3] DUP of the sender is not passed on', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 1, id: 1, dup: true }).publish({ topic, qos: 2, id: 2, dup: true });
  await receiver.expect('publish', { qos: 1, dup: false });
  await receiver.expect('publish', { qos: 2, dup: false });
});

test('[MQTT-3.3.1-4] a PUBLISH with QoS 3 is malformed', async () => {
  const client = await connect();
  client.publish({ topic: 'a', qos: 3, id: 1 });
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-3.3.2-1] a PUBLISH without a topic name is malformed', async () => {
  for (const body of [Buffer.alloc(0), Buffer.of(0), prefixed('abc').subarray(0, 4)]) {
    const client = await connect();
    client.send(packet(0x30, body));
    await client.expectDisconnect(MALFORMED);
  }
});

test.each(['a/+', '+', '#', 'a/#', 'a+', 'a#b'])(
  '[MQTT-3.3.2-2] [MQTT-4.7.0-1] the topic name "%s" closes the connection',
  async (topic) => {
    const client = await connect();
    client.publish({ topic });
    await client.expectDisconnect(MALFORMED, PROTOCOL_ERROR, TOPIC_NAME_INVALID);
  },
);

test('[MQTT-3.3.2-3] the topic name of a delivery is the one of the publisher', async () => {
  const topic = name('a');
  const receiver = await connect();
  await receiver.subscribe(`${topic}/+/c`);
  const sender = await connect();
  sender.publish({ topic: `${topic}/b/d` }).publish({ topic: `${topic}/b/c` });
  await receiver.expect('publish', { topic: `${topic}/b/c` });
});

test('[MQTT-3.3.4-1] a QoS 0 PUBLISH is not answered', async () => {
  const client = await connect();
  client.publish({ topic: name('t'), payload: 'x' });
  await client.expectSilence();
});

test('[MQTT-4.3.1-1] a QoS 0 message arrives as the exact bytes of a QoS 0 PUBLISH', async () => {
  const receiver = await connect();
  await receiver.subscribe('exact/0', 2);
  const sender = await connect();
  sender.publish({ topic: 'exact/0', payload: 'hi' });
  await receiver.expectBytes(hex('30 0c 0007 65786163742f30 00 6869'));
});

test('[MQTT-4.3.1-1] a payload of zero bytes is delivered', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  sender.publish({ topic });
  await receiver.expect('publish', { topic, payload: '' });
});

test('[MQTT-4.3.1-1] a payload of a megabyte is delivered whole', async () => {
  const topic = name('t');
  const payload = Buffer.alloc(1024 * 1024, 'payload ');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  sender.publish({ topic, payload });
  const received = await receiver.expect('publish', { topic });
  expect(received.payload === payload.toString('latin1')).toBe(true);
});

test('[MQTT-4.2.0-1] a PUBLISH in single bytes is understood', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  for (const byte of mqtt5.publish({ topic, payload: 'slow' })) sender.send(Buffer.of(byte));
  await receiver.expect('publish', { topic, payload: 'slow' });
});

test('[MQTT-4.2.0-1] many packets in one segment are understood', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  sender.send(
    ...Array.from({ length: 100 }, (_, index) => mqtt5.publish({ topic, payload: `${index}` })),
    PINGREQ,
  );
  await sender.expect('pingresp');
  const payloads = (await receiver.take(100)).map(({ payload }) => payload);
  expect(payloads).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
});

test('[MQTT-3.3.4-6] a PUBLISH with a subscription identifier closes the connection', async () => {
  const client = await connect();
  client.publish({ topic: 'a', properties: [['subscriptionIdentifier', 1]] });
  await client.expectDisconnect(PROTOCOL_ERROR);
});

test('[MQTT-3.3.4-2] overlapping subscriptions get one copy at their highest QoS', async () => {
  const topic = name('a');
  const receiver = await connect();
  await receiver.subscribe(`${topic}/b`, 0);
  await receiver.subscribe(`${topic}/+`, 2);
  await receiver.subscribe(`${topic}/#`, 1);
  const sender = await connect();
  sender.publish({ topic: `${topic}/b`, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
  await receiver.expect('publish', { qos: 2 });
  await receiver.expectSilence();
});

test('[MQTT-3.3.4-3] [MQTT-3.3.4-4] a single copy has all matching subscription identifiers', async () => {
  const topic = name('a');
  const receiver = await connect();
  await receiver.subscribe(`${topic}/b`, 0, [['subscriptionIdentifier', 1]]);
  await receiver.subscribe(`${topic}/+`, 1, [['subscriptionIdentifier', 268_435_455]]);
  await receiver.subscribe(`${topic}/c`, 1, [['subscriptionIdentifier', 3]]);
  await receiver.subscribe(`${topic}/#`, 1);
  const sender = await connect();
  sender.publish({ topic: `${topic}/b`, qos: 1, id: 1 });
  const received = await receiver.expect('publish', { topic: `${topic}/b` });
  const ids = valuesOf(received, 'subscriptionIdentifier').map(Number);
  expect(ids.sort((left, right) => left - right)).toEqual([1, 268_435_455]);
  await receiver.expectSilence();
});

test('[MQTT-3.3.4-4] two subscriptions with the same identifier name it', async () => {
  const topic = name('a');
  const receiver = await connect();
  await receiver.subscribe(topic, 0, [['subscriptionIdentifier', 7]]);
  await receiver.subscribe(`${topic}/#`, 0, [['subscriptionIdentifier', 7]]);
  const sender = await connect();
  sender.publish({ topic });
  const received = await receiver.expect('publish', { topic });
  expect(new Set(valuesOf(received, 'subscriptionIdentifier'))).toEqual(new Set([7]));
  await receiver.expectSilence();
});

test('[MQTT-3.3.4-5] the copies of a message name the subscription they are for', async () => {
  const topic = name('a');
  const receiver = await connect();
  await receiver.subscribe(`$share/group/${topic}`, 0, [['subscriptionIdentifier', 11]]);
  await receiver.subscribe(topic, 0, [['subscriptionIdentifier', 12]]);
  const sender = await connect();
  sender.publish({ topic });
  const copies = await receiver.take(2);
  const ids = copies.map((copy) => valuesOf(copy, 'subscriptionIdentifier'));
  expect(ids.sort()).toEqual([[11], [12]]);
});

test('[MQTT-3.3.4-3] a replaced subscription has its new identifier only', async () => {
  const topic = name('a');
  const receiver = await connect();
  await receiver.subscribe(topic, 0, [['subscriptionIdentifier', 1]]);
  await receiver.subscribe(topic, 0, [['subscriptionIdentifier', 2]]);
  const sender = await connect();
  sender.publish({ topic });
  const received = await receiver.expect('publish');
  expect(valuesOf(received, 'subscriptionIdentifier')).toEqual([2]);
  await receiver.subscribe(topic, 0);
  sender.publish({ topic });
  const plain = await receiver.expect('publish');
  expect(valuesOf(plain, 'subscriptionIdentifier')).toEqual([]);
});

test('[MQTT-4.5.0-1] every client with a matching subscription gets the message', async () => {
  const topic = name('a');
  const receivers = [await connect(), await connect({}, 4), await connect({}, 3)];
  for (const receiver of receivers) await receiver.subscribe(`${topic}/#`);
  const sender = await connect();
  sender.publish({ topic: `${topic}/x`, payload: 'for all' });
  for (const receiver of receivers) await receiver.expect('publish', { payload: 'for all' });
});

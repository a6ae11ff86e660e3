import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { hex, one, packet, prefixed, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const { connect, name } = useMqttServer();

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const NO_SUBSCRIPTION = 0x11;
/** Section 3.11.3. */
const UNSUBACK_REASONS = [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];

test.each([0, 1, 3, 4, 8, 0xf])(
  '[MQTT-3.10.1-1] UNSUBSCRIBE with flags %d is malformed',
  async (flags) => {
    const client = await connect();
    client.send(packet(0xa0 | flags, two(1), one(0), prefixed('a')));
    await client.expectDisconnect(MALFORMED);
  },
);

test('[MQTT-3.10.3-1] a topic filter that is not UTF-8 is malformed', async () => {
  const client = await connect();
  client.send(mqtt5.unsubscribe(1, [Buffer.of(0x61, 0xff)]));
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-3.10.3-2] UNSUBSCRIBE without a topic filter is a protocol error', async () => {
  const client = await connect();
  client.send(mqtt5.unsubscribe(1, []));
  await client.expectDisconnect(PROTOCOL_ERROR);
});

test('[MQTT-3.10.4-1] the subscription with exactly this filter is deleted', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(`${topic}/a`);
  await client.subscribe(`${topic}/b`);
  client.send(mqtt5.unsubscribe(2, [`${topic}/a`]));
  await client.expect('unsuback', { reasons: [0] });
  client
    .publish({ topic: `${topic}/a`, payload: 'a' })
    .publish({ topic: `${topic}/b`, payload: 'b' });
  await client.expect('publish', { payload: 'b' });
  await client.expectSilence();
});

test('[MQTT-3.10.4-1] filters are compared as text, not as patterns', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(`${topic}/a`);
  client.send(mqtt5.unsubscribe(2, [`${topic}/+`, `${topic}/#`, '#', `${topic}/A`, `${topic}/a/`]));
  const unsuback = await client.expect('unsuback');
  expect(unsuback.reasons).toEqual(Array(5).fill(NO_SUBSCRIPTION));
  client.publish({ topic: `${topic}/a`, payload: 'still' });
  await client.expect('publish', { payload: 'still' });
});

test('[MQTT-3.10.4-1] a filter with wildcards is deleted by its own text', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(`${topic}/+/#`);
  client.send(mqtt5.unsubscribe(2, [`${topic}/+/#`]));
  await client.expect('unsuback', { reasons: [0] });
  client.publish({ topic: `${topic}/a/b` });
  await client.expectSilence();
});

test('[MQTT-3.10.4-2] no message is added after UNSUBSCRIBE', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 1);
  client.send(mqtt5.unsubscribe(2, [topic]));
  await client.expect('unsuback', { reasons: [0] });
  const sender = await connect();
  await sender.deliver({ topic });
  await client.expectSilence();
});

test('[MQTT-3.10.4-2] nor after a reconnect or a restart of the session', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  first.send(mqtt5.unsubscribe(2, [topic]));
  await first.expect('unsuback', { reasons: [0] });
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic });
  const second = await connect(session);
  await second.expectSilence();
});

test('[MQTT-3.10.4-3] deliveries that have begun are completed', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 1, id: 1 });
  sender.publish({ topic, qos: 2, id: 2 }).send(mqtt5.pubrel(2));
  const [first, second] = await client.take(2);
  client.send(mqtt5.unsubscribe(2, [topic]));
  await client.expect('unsuback', { reasons: [0] });
  client.send(mqtt5.puback(first?.id ?? 0), mqtt5.pubrec(second?.id ?? 0));
  await client.expect('pubrel', { id: second?.id ?? 0, reason: 0 });
  client.send(mqtt5.pubcomp(second?.id ?? 0));
  await client.expectSilence();
});

test('[MQTT-3.10.4-3] deliveries that have begun are sent again after a reconnect', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'begun' });
  const { id } = await first.expect('publish');
  first.send(mqtt5.unsubscribe(2, [topic]));
  await first.expect('unsuback', { reasons: [0] });
  await first.drop();
  const second = await connect(session);
  await second.expect('publish', { id: id ?? 0, dup: true, payload: 'begun' });
});

test('[MQTT-3.10.4-4] [MQTT-3.10.4-5] UNSUBSCRIBE is answered by UNSUBACK with its identifier', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic);
  client.send(mqtt5.unsubscribe(0x2030, [topic]));
  await client.expectBytes(hex('b0 04 2030 00 00'));
});

test('[MQTT-3.10.4-5] UNSUBACK comes even when nothing is deleted', async () => {
  const client = await connect({ properties: [['requestProblemInformation', 0]] });
  client.send(mqtt5.unsubscribe(0x2030, [name('never')]));
  await client.expectBytes(hex('b0 04 2030 00 11'));
});

test('[MQTT-3.10.4-6] [MQTT-3.11.3-1] several filters are one UNSUBACK, in their order', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(`${topic}/b`);
  await client.subscribe(`${topic}/d`);
  client.send(
    mqtt5.unsubscribe(4, [`${topic}/a`, `${topic}/b`, `${topic}/c`, `${topic}/d`, `${topic}/b`]),
  );
  const unsuback = await client.expect('unsuback', { id: 4 });
  expect(unsuback.reasons).toEqual([NO_SUBSCRIPTION, 0, NO_SUBSCRIPTION, 0, NO_SUBSCRIPTION]);
  await client.expectSilence();
});

test('[MQTT-3.11.2-1] [MQTT-3.11.2-2] UNSUBACK fits into Maximum Packet Size', async () => {
  const client = await connect({ properties: [['maximumPacketSize', 30]] });
  client.send(mqtt5.unsubscribe(4, ['never']));
  const unsuback = await client.expect('unsuback', { reasons: [NO_SUBSCRIPTION] });
  expect(unsuback.bytes.length).toBeLessThanOrEqual(30);
  expect(valuesOf(unsuback, 'userProperty')).toEqual([]);
});

test('[MQTT-3.11.3-2] UNSUBACK has reasons of its table', async () => {
  const client = await connect();
  client.send(mqtt5.unsubscribe(4, ['a', '$share/g/a', '$queue/q', '$SYS/#']));
  const unsuback = await client.expect('unsuback', { id: 4 });
  for (const reason of unsuback.reasons ?? []) expect(UNSUBACK_REASONS).toContain(reason);
  expect(unsuback.reasons?.length).toBe(4);
});

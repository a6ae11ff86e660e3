import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { hex, one, packet, prefixed, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const { connect, name } = useMqttServer({
  anonymous: true,
  authorization: [
    { destination: 'topic://>', read: ['*'], write: ['*'], admin: ['*'] },
    { destination: 'topic://closed.>', read: ['people'], write: ['people'], admin: [] },
  ],
});

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const NOT_AUTHORIZED = 0x87;
const FILTER_INVALID = 0x8f;
const NO_LOCAL = 0x04;
/** Section 3.9.3. */
const SUBACK_REASONS = [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2];

test.each([0, 1, 3, 4, 8, 0xf])(
  '[MQTT-3.8.1-1] SUBSCRIBE with flags %d is malformed',
  async (flags) => {
    const client = await connect();
    client.send(packet(0x80 | flags, two(1), one(0), prefixed('a'), one(0)));
    await client.expectDisconnect(MALFORMED);
  },
);

test('[MQTT-3.8.3-1] a topic filter that is not UTF-8 is malformed', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(1, [[Buffer.of(0x61, 0xff), 0]]));
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-3.8.3-1] a topic filter that ends after its packet is malformed', async () => {
  const client = await connect();
  client.send(packet(0x82, two(1), one(0), two(9), Buffer.from('short')));
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-3.8.3-2] SUBSCRIBE without a topic filter is a protocol error', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(1, []));
  await client.expectDisconnect(PROTOCOL_ERROR);
});

test('[MQTT-3.8.3-2] a topic filter without options is malformed', async () => {
  const client = await connect();
  client.send(packet(0x82, two(1), one(0), prefixed('a')));
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-3.8.3-3] with No Local a client does not get its own messages', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, NO_LOCAL | 1);
  const other = await connect();
  await client.deliver({ topic, payload: 'own' });
  client.publish({ topic, payload: 'own' });
  await other.deliver({ topic, payload: 'foreign' });
  await client.expect('publish', { payload: 'foreign' });
  await client.expectSilence();
});

test('[MQTT-3.8.3-3] No Local goes by the client identifier, across connections', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, NO_LOCAL | 1);
  await first.drop();
  const second = await connect(session);
  await second.deliver({ topic, payload: 'own' });
  await second.expectSilence();
});

test('[MQTT-3.8.3-3] without No Local a client gets its own messages', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic);
  client.publish({ topic, payload: 'own' });
  await client.expect('publish', { payload: 'own' });
});

test('[MQTT-3.8.3-3] an overlapping subscription without No Local still delivers', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, NO_LOCAL);
  await client.subscribe(`${topic}/#`, 0);
  client.publish({ topic, payload: 'own' });
  await client.expect('publish', { payload: 'own' });
  await client.expectSilence();
});

test('[MQTT-3.8.3-4] No Local on a shared subscription is a protocol error', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(1, [['$share/group/a', NO_LOCAL]]));
  await client.expectDisconnect(PROTOCOL_ERROR);
});

test.each([0x40, 0x80, 0xc0])(
  '[MQTT-3.8.3-5] reserved option bits %d are malformed',
  async (bits) => {
    const client = await connect();
    client.send(mqtt5.subscribe(1, [['a', bits]]));
    await client.expectDisconnect(MALFORMED);
  },
);

test.each([
  ['QoS 3', 0x03],
  ['Retain Handling 3', 0x30],
])('[MQTT-4.13.1-1] %s in subscription options is a protocol error', async (_, options) => {
  const client = await connect();
  client.send(mqtt5.subscribe(1, [['a', options]]));
  await client.expectDisconnect(PROTOCOL_ERROR, MALFORMED);
});

test('[MQTT-3.8.4-1] [MQTT-3.8.4-2] SUBSCRIBE is answered by SUBACK with its identifier', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(0x1020, [[name('t'), 1]]));
  await client.expectBytes(hex('90 04 1020 00 01'));
});

test('[MQTT-3.8.4-1] a subscription that exists is answered by SUBACK again', async () => {
  const topic = name('t');
  const client = await connect();
  for (const id of [1, 2, 3]) await client.subscribe(topic, 2, [], id);
});

test('[MQTT-3.8.4-3] an identical filter replaces the subscription and its options', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 2, [['subscriptionIdentifier', 1]]);
  await client.subscribe(topic, 0, [['subscriptionIdentifier', 2]]);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'once' });
  const received = await client.expect('publish', { payload: 'once', qos: 0 });
  expect(valuesOf(received, 'subscriptionIdentifier')).toEqual([2]);
  await client.expectSilence();
});

test('[MQTT-3.8.4-3] No Local is replaced as well', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, NO_LOCAL);
  await client.subscribe(topic, 0);
  client.publish({ topic, payload: 'own' });
  await client.expect('publish', { payload: 'own' });
});

test('[MQTT-3.8.4-4] retained messages are sent again when a subscription is replaced', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  const client = await connect();
  for (const qos of [0, 1]) {
    await client.subscribe(topic, qos);
    await client.expect('publish', { payload: 'kept', retain: true, qos });
  }
});

test('[MQTT-3.8.4-4] no message is lost while a subscription is replaced', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 1);
  const sender = await connect();
  const count = 100;
  for (let index = 0; index < count; index++) {
    sender.publish({ topic, payload: `${index}`, qos: 1, id: index + 1 });
    if (index % 10 === 0) client.send(mqtt5.subscribe(1000 + index, [[topic, 1]]));
  }
  const packets = await client.take(count + 10);
  const payloads = packets.filter(({ type }) => type === 'publish').map(({ payload }) => payload);
  expect(payloads).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
});

test('[MQTT-3.8.4-5] several filters are one SUBACK', async () => {
  const topic = name('t');
  const client = await connect();
  client.send(
    mqtt5.subscribe(7, [
      [`${topic}/a`, 0],
      [`${topic}/b`, 1],
      [`${topic}/c`, 2],
      [`${topic}/a`, 1],
    ]),
  );
  await client.expectBytes(hex('90 07 0007 00 00 01 02 01'));
  const sender = await connect();
  for (const level of ['a', 'b', 'c']) {
    sender.publish({ topic: `${topic}/${level}`, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
    await client.expect('publish', { topic: `${topic}/${level}`, qos: level === 'c' ? 2 : 1 });
  }
});

test('[MQTT-3.8.4-6] [MQTT-3.9.3-1] reasons stand in the order of the filters', async () => {
  const client = await connect();
  client.send(
    mqtt5.subscribe(8, [
      ['closed/a', 0],
      [name('t'), 2],
      ['closed/b', 1],
      [name('t'), 0],
    ]),
  );
  const suback = await client.expect('suback', { id: 8 });
  expect(suback.reasons).toEqual([NOT_AUTHORIZED, 2, NOT_AUTHORIZED, 0]);
});

test.each([0, 1, 2])('[MQTT-3.8.4-7] QoS %d is granted', async (qos) => {
  const client = await connect();
  await client.subscribe(name('t'), qos);
});

test('[MQTT-3.8.4-7] a filter that is refused does not deliver', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(9, [['closed/a', 0]]));
  await client.expect('suback', { reasons: [NOT_AUTHORIZED] });
  await client.expectSilence();
});

test.each([
  [0, 0, 0],
  [0, 1, 0],
  [0, 2, 0],
  [1, 0, 0],
  [1, 1, 1],
  [1, 2, 1],
  [2, 0, 0],
  [2, 1, 1],
  [2, 2, 2],
])('[MQTT-3.8.4-8] QoS %d published to a subscription of QoS %d arrives at %d', async (...qos) => {
  const [published, granted, arrives] = qos;
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, granted);
  const sender = await connect();
  sender.publish({ topic, qos: published, id: 1 });
  if (published === 2) sender.send(mqtt5.pubrel(1));
  await client.expect('publish', { topic, qos: arrives });
});

test('[MQTT-3.9.2-1] [MQTT-3.9.2-2] SUBACK fits into Maximum Packet Size', async () => {
  const client = await connect({ properties: [['maximumPacketSize', 30]] });
  client.send(mqtt5.subscribe(9, [['closed/a', 0]]));
  const suback = await client.expect('suback', { reasons: [NOT_AUTHORIZED] });
  expect(suback.bytes.length).toBeLessThanOrEqual(30);
  expect(valuesOf(suback, 'userProperty')).toEqual([]);
});

test('[MQTT-3.9.3-2] SUBACK has reasons of its table', async () => {
  const client = await connect();
  const filters = ['closed/a', name('t'), '$SYS/#', '$queue/work', '$other/+', 'x/'.repeat(300)];
  client.send(
    mqtt5.subscribe(
      9,
      filters.map((filter) => [filter, 0]),
    ),
  );
  // `#` may bring messages of the server's own before or after.
  let answer = await client.next();
  while (answer.type === 'publish') answer = await client.next();
  expect(answer.type).toBe('suback');
  expect(answer.reasons?.length).toBe(filters.length);
  for (const reason of answer.reasons ?? []) expect(SUBACK_REASONS).toContain(reason);
});

test.each(['a/#/b', '#/', 'a#', 'a/b#', '#a', '+a', 'a+', 'a/+b', 'a/b+/c', '++', '##'])(
  '[MQTT-4.7.1-1] [MQTT-4.7.1-2] the topic filter "%s" is refused',
  async (filter) => {
    const client = await connect();
    client.send(mqtt5.subscribe(3, [[filter, 0]]));
    const answer = await client.next();
    if (answer.type === 'suback') {
      expect(answer.reasons).toEqual([FILTER_INVALID]);
      return client.expectSilence();
    }
    expect(answer.type).toBe('disconnect');
    expect([MALFORMED, PROTOCOL_ERROR, FILTER_INVALID]).toContain(answer.reason);
    return client.expectClosed();
  },
);

test('[MQTT-3.8.4-5] a refused filter does not spoil the others of its packet', async () => {
  const topic = name('t');
  const client = await connect();
  client.send(
    mqtt5.subscribe(3, [
      ['closed/a', 0],
      [topic, 0],
    ]),
    PINGREQ,
  );
  await client.expect('suback', { reasons: [NOT_AUTHORIZED, 0] });
  await client.expect('pingresp');
  client.publish({ topic, payload: 'x' });
  await client.expect('publish', { payload: 'x' });
});

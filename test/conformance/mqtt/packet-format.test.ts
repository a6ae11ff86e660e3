import { expect, test } from 'vitest';
import { mqtt5, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { hex, one, packet, prefixed, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const { connect, name } = useMqttServer();

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;

/** Client packets whose low four bits are fixed: [name, right first byte, body]. */
const FIXED: readonly (readonly [string, number, Buffer])[] = [
  ['PUBACK', 0x40, two(1)],
  ['PUBREC', 0x50, two(1)],
  ['PUBREL', 0x62, two(1)],
  ['PUBCOMP', 0x70, two(1)],
  ['SUBSCRIBE', 0x82, Buffer.concat([two(1), one(0), prefixed('a'), one(0)])],
  ['UNSUBSCRIBE', 0xa2, Buffer.concat([two(1), one(0), prefixed('a')])],
  ['PINGREQ', 0xc0, Buffer.alloc(0)],
  ['DISCONNECT', 0xe0, Buffer.alloc(0)],
];

test.each(FIXED)('[MQTT-2.1.3-1] %s with other reserved flags is malformed', async (...row) => {
  const [, first, body] = row;
  for (const bit of [1, 2, 4, 8]) {
    const client = await connect();
    client.send(packet(first ^ bit, body));
    await client.expectDisconnect(MALFORMED);
  }
});

test.each([
  ['type 0', 0x00],
  ['CONNACK', 0x20],
  ['SUBACK', 0x90],
  ['UNSUBACK', 0xb0],
  ['PINGRESP', 0xd0],
])('[MQTT-4.13.1-1] %s from a client closes the connection', async (_, first) => {
  const client = await connect();
  client.send(packet(first, Buffer.alloc(3)));
  await client.expectDisconnect(MALFORMED, PROTOCOL_ERROR);
});

test('[MQTT-2.1.3-1] the server sets the reserved flags as listed', async () => {
  const topic = name('t');
  const client = await connect();
  client.send(mqtt5.subscribe(1, [[topic, 2]]));
  await client.expect('suback', { flags: 0 });
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 2 });
  await sender.expect('pubrec', { flags: 0 });
  sender.send(mqtt5.pubrel(2));
  await sender.expect('pubcomp', { flags: 0 });
  sender.publish({ topic: name('t'), qos: 1, id: 2 });
  await sender.expect('puback', { flags: 0 });
  const { id } = await client.expect('publish', { flags: 4 });
  client.send(mqtt5.pubrec(id ?? 0));
  await client.expect('pubrel', { flags: 2 });
  client.send(mqtt5.unsubscribe(3, [topic]));
  await client.expect('unsuback', { flags: 0 });
  client.send(PINGREQ);
  await client.expectBytes(hex('d0 00'));
});

test('[MQTT-2.2.1-2] a QoS 0 PUBLISH of the server has no packet identifier', async () => {
  const client = await connect();
  await client.subscribe('no-id', 2);
  client.publish({ topic: 'no-id', payload: 'x' });
  await client.expectBytes(hex('30 09 00 05 6e6f2d6964 00 78'));
});

test.each([
  ['PUBLISH at QoS 1', mqtt5.publish({ topic: 'a', qos: 1, id: 0 })],
  ['PUBLISH at QoS 2', mqtt5.publish({ topic: 'a', qos: 2, id: 0 })],
  ['SUBSCRIBE', mqtt5.subscribe(0, [['a', 0]])],
  ['UNSUBSCRIBE', mqtt5.unsubscribe(0, ['a'])],
])('[MQTT-2.2.1-3] %s with packet identifier 0 closes the connection', async (_, bytes) => {
  const client = await connect();
  client.send(bytes);
  await client.expectDisconnect(MALFORMED, PROTOCOL_ERROR);
});

test('[MQTT-2.2.1-4] packet identifiers of the server are not 0 and unused', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 2);
  const sender = await connect();
  for (let count = 0; count < 20; count++)
    sender.publish({ topic, qos: 1 + (count % 2), id: count + 1 });
  const ids = (await client.take(20)).map(({ id }) => id);
  expect(ids).not.toContain(0);
  expect(new Set(ids).size).toBe(20);
});

test('[MQTT-2.2.1-4] an identifier in use is not given to another message', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic });
  const held = (await client.expect('publish')).id;
  const batch = Array.from({ length: 500 }, (_, index) =>
    mqtt5.publish({ topic, qos: 1, id: index + 1 }),
  );
  // More messages than there are identifiers: those that were given back must do.
  for (let round = 0; round < 132; round++) {
    sender.send(...batch);
    const ids = (await client.take(500)).map(({ id }) => id ?? 0);
    client.send(...ids.map((id) => mqtt5.puback(id)));
    await sender.take(500);
    expect(ids).not.toContain(held);
    expect(ids).not.toContain(0);
  }
});

test('[MQTT-2.2.1-5] acknowledgements carry the identifier of the PUBLISH', async () => {
  const client = await connect();
  client.publish({ topic: name('t'), qos: 1, id: 0xfffe });
  await client.expect('puback', { id: 0xfffe });
  client.publish({ topic: name('t'), qos: 2, id: 0xffff });
  await client.expect('pubrec', { id: 0xffff });
  client.send(mqtt5.pubrel(0xffff));
  await client.expect('pubcomp', { id: 0xffff });
});

test('[MQTT-2.2.1-5] PUBREL of the server carries the identifier of its PUBLISH', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 900 }).send(mqtt5.pubrel(900));
  const { id } = await client.expect('publish', { qos: 2 });
  client.send(mqtt5.pubrec(id ?? 0));
  await client.expect('pubrel', { id: id ?? 0 });
});

test('[MQTT-2.2.1-6] SUBACK and UNSUBACK carry the identifier of the request', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(0xabcd, [[name('t'), 0]]));
  await client.expect('suback', { id: 0xabcd });
  client.send(mqtt5.unsubscribe(0xdcba, [name('t')]));
  await client.expect('unsuback', { id: 0xdcba });
});

test('[MQTT-2.2.2-1] a packet without properties has a property length of 0', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(0x0102, [['no-properties', 0]]));
  await client.expectBytes(hex('90 04 0102 00 00'));
  client.publish({ topic: 'no-properties' });
  await client.expectBytes(hex('30 10 000d 6e6f2d70726f70657274696573 00'));
});

test.each([
  ['SUBSCRIBE', packet(0x82, two(1))],
  ['UNSUBSCRIBE', packet(0xa2, two(1))],
  ['PUBLISH', packet(0x30, prefixed('a'))],
])('[MQTT-2.2.2-1] %s without a property length is malformed', async (_, bytes) => {
  const client = await connect();
  client.send(bytes);
  await client.expectDisconnect(MALFORMED);
});

test.each([
  ['PINGREQ', packet(0xc0, one(0))],
  ['PUBACK', packet(0x40, two(1), one(0), one(0), one(0))],
  ['DISCONNECT', packet(0xe0, one(0), one(0), one(0))],
])('[MQTT-4.13.1-1] %s that goes on after its end is malformed', async (_, bytes) => {
  const client = await connect();
  client.send(bytes);
  await client.expectDisconnect(MALFORMED);
});

/** Whole packets, and the lengths of their bodies at which they would be whole as well. */
const WHOLE: readonly (readonly [string, Buffer, readonly number[]])[] = [
  ['PUBLISH', mqtt5.publish({ topic: 'ab', qos: 1, id: 1, properties: [['topicAlias', 1]] }), []],
  ['SUBSCRIBE', mqtt5.subscribe(1, [['ab', 0]], [['subscriptionIdentifier', 1]]), []],
  ['UNSUBSCRIBE', mqtt5.unsubscribe(1, ['ab'], [['userProperty', ['a', 'b']]]), []],
  ['PUBACK', mqtt5.puback(1, 0x80, [['reasonString', 'no']]), [2, 3]],
  ['PUBREC', mqtt5.pubrec(1, 0x80, [['reasonString', 'no']]), [2, 3]],
  ['PUBREL', mqtt5.pubrel(1, 0x92, [['reasonString', 'no']]), [2, 3]],
  ['PUBCOMP', mqtt5.pubcomp(1, 0x92, [['reasonString', 'no']]), [2, 3]],
  ['DISCONNECT', mqtt5.disconnect(0x80, [['reasonString', 'no']]), [0, 1]],
];

test.each(WHOLE)('[MQTT-4.13.1-1] %s that ends early is malformed', async (...row) => {
  const [, whole, exceptions] = row;
  const body = whole.subarray(2);
  for (let length = 0; length < body.length; length++) {
    if (exceptions.includes(length)) continue;
    const client = await connect();
    client.send(packet(whole[0] ?? 0, body.subarray(0, length)));
    await client.expectDisconnect(MALFORMED, PROTOCOL_ERROR);
  }
});

test.each(WHOLE)('[MQTT-4.2.0-1] %s in single bytes is understood', async (...row) => {
  const [type, whole] = row;
  const client = await connect();
  for (const byte of whole) client.send(Buffer.of(byte));
  if (type === 'DISCONNECT') return client.expectClosed();
  client.send(PINGREQ);
  const types = [(await client.next()).type];
  if (types[0] !== 'pingresp') types.push((await client.next()).type);
  expect(types).toContain('pingresp');
});

import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { hex, one, packet, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({
  anonymous: true,
  authorization: [
    { destination: 'topic://>', read: ['*'], write: ['*'], admin: ['*'] },
    { destination: 'topic://closed.>', read: ['people'], write: ['people'], admin: [] },
  ],
});
const { connect, name } = fixture;

const NOT_FOUND = 0x92;
const LASTING = [['sessionExpiryInterval', 60]] as const;
/** Section 3.5.2.1. */
const PUBREC_REASONS = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

function lastingSession() {
  return { clientId: name(), cleanStart: false, properties: LASTING };
}

test('[MQTT-4.3.3-8] [MQTT-3.3.4-1] a QoS 2 PUBLISH is answered by PUBREC', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 0x4321 });
  await sender.expectBytes(hex('50 02 4321'));
});

test('[MQTT-4.3.3-11] PUBREL is answered by PUBCOMP with its identifier', async () => {
  const sender = await connect();
  sender.publish({ topic: name('t'), qos: 2, id: 0x4321 });
  await sender.expect('pubrec');
  sender.send(mqtt5.pubrel(0x4321));
  await sender.expectBytes(hex('70 02 4321'));
});

test('[MQTT-3.5.2-1] PUBREC has a reason of its table', async () => {
  const client = await connect();
  for (const topic of [name('nobody'), 'closed/door']) {
    client.publish({ topic, qos: 2, id: 5 });
    const pubrec = await client.expect('pubrec', { id: 5 });
    expect(PUBREC_REASONS).toContain(pubrec.reason);
    if ((pubrec.reason ?? 0) < 0x80) client.send(mqtt5.pubrel(5));
    if ((pubrec.reason ?? 0) < 0x80) await client.expect('pubcomp', { id: 5 });
  }
});

test('[MQTT-3.5.2-1] a publish that is not authorised is answered by PUBREC with 0x87', async () => {
  const client = await connect();
  client.publish({ topic: 'closed/door', qos: 2, id: 6 });
  await client.expect('pubrec', { id: 6, reason: 0x87 });
  await client.expectSilence();
});

test('[MQTT-3.5.2-2] [MQTT-3.5.2-3] PUBREC fits into Maximum Packet Size', async () => {
  const client = await connect({ properties: [['maximumPacketSize', 30]] });
  client.publish({ topic: 'closed/door', qos: 2, id: 6 });
  const pubrec = await client.expect('pubrec', { reason: 0x87 });
  expect(pubrec.bytes.length).toBeLessThanOrEqual(30);
  expect(valuesOf(pubrec, 'userProperty')).toEqual([]);
});

test.each([0, 1, 3, 4, 8, 0xf])(
  '[MQTT-3.6.1-1] PUBREL with the flags %d is malformed',
  async (flags) => {
    const client = await connect();
    client.publish({ topic: name('t'), qos: 2, id: 1 });
    await client.expect('pubrec');
    client.send(packet(0x60 | flags, two(1)));
    await client.expectDisconnect(0x81);
  },
);

test('[MQTT-3.7.2-1] PUBCOMP has a reason of its table: 0x92 for an unknown PUBREL', async () => {
  const client = await connect();
  client.send(mqtt5.pubrel(78));
  await client.expect('pubcomp', { id: 78, reason: NOT_FOUND });
});

test('[MQTT-3.7.2-2] [MQTT-3.7.2-3] PUBCOMP fits into Maximum Packet Size', async () => {
  const client = await connect({ properties: [['maximumPacketSize', 30]] });
  client.send(mqtt5.pubrel(78));
  const pubcomp = await client.expect('pubcomp', { reason: NOT_FOUND });
  expect(pubcomp.bytes.length).toBeLessThanOrEqual(30);
  expect(valuesOf(pubcomp, 'userProperty')).toEqual([]);
});

test('[MQTT-4.3.3-9] after a PUBREC with an error the identifier is free for a new message', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  sender.publish({ topic: 'closed/door', qos: 2, id: 9 });
  await sender.expect('pubrec', { id: 9, reason: 0x87 });
  sender.publish({ topic, qos: 2, id: 9, payload: 'new' });
  const pubrec = await sender.expect('pubrec', { id: 9 });
  expect(pubrec.reason).toBeLessThan(0x80);
  sender.send(mqtt5.pubrel(9));
  await sender.expect('pubcomp', { id: 9, reason: 0 });
  await receiver.expect('publish', { payload: 'new' });
});

test('[MQTT-4.3.3-10] a PUBLISH that is repeated before PUBREL is acknowledged, not delivered', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 3, payload: 'once' });
  await sender.expect('pubrec', { id: 3 });
  sender.publish({ topic, qos: 2, id: 3, payload: 'once', dup: true });
  await sender.expect('pubrec', { id: 3 });
  sender.send(mqtt5.pubrel(3));
  await sender.expect('pubcomp', { id: 3, reason: 0 });
  await receiver.expect('publish', { payload: 'once' });
  await receiver.expectSilence();
});

test('[MQTT-4.3.3-10] the same holds after a reconnect of the sender', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const session = lastingSession();
  const first = await connect(session);
  first.publish({ topic, qos: 2, id: 3, payload: 'once' });
  await first.expect('pubrec', { id: 3 });
  await first.drop();
  const second = await connect(session);
  second.publish({ topic, qos: 2, id: 3, payload: 'once', dup: true });
  await second.expect('pubrec', { id: 3 });
  second.send(mqtt5.pubrel(3));
  await second.expect('pubcomp', { id: 3, reason: 0 });
  await receiver.expect('publish', { payload: 'once' });
  await receiver.expectSilence();
});

test('[MQTT-4.3.3-10] the same holds after a restart of the server', async () => {
  const topic = name('t');
  const reader = lastingSession();
  const writer = lastingSession();
  const before = await connect(reader);
  await before.subscribe(topic, 2);
  const first = await connect(writer);
  first.publish({ topic, qos: 2, id: 3, payload: 'once' });
  await first.expect('pubrec', { id: 3 });
  await fixture.server.restart();
  const second = await connect(writer);
  second.publish({ topic, qos: 2, id: 3, payload: 'once', dup: true });
  await second.expect('pubrec', { id: 3 });
  second.send(mqtt5.pubrel(3));
  await second.expect('pubcomp', { id: 3, reason: 0 });
  const after = await connect(reader);
  await after.expect('publish', { payload: 'once' });
  await after.expectSilence();
});

test('[MQTT-4.3.3-12] after PUBCOMP the same identifier is a new message', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  for (const payload of ['one', 'two']) {
    sender.publish({ topic, qos: 2, id: 3, payload });
    await sender.expect('pubrec', { id: 3 });
    sender.send(mqtt5.pubrel(3));
    await sender.expect('pubcomp', { id: 3, reason: 0 });
    await receiver.expect('publish', { payload });
  }
  await receiver.expectSilence();
});

test('[MQTT-4.3.3-13] the exchange goes on for a message that has expired', async () => {
  const sender = await connect();
  sender.publish({ topic: name('t'), qos: 2, id: 4, properties: [['messageExpiryInterval', 1]] });
  await sender.expect('pubrec', { id: 4 });
  fixture.server.skip(5000);
  sender.publish({ topic: name('t'), qos: 2, id: 4, dup: true });
  await sender.expect('pubrec', { id: 4 });
  sender.send(mqtt5.pubrel(4));
  await sender.expect('pubcomp', { id: 4, reason: 0 });
});

test('[MQTT-4.6.0-3] PUBRECs leave in the order of the PUBLISH packets', async () => {
  const topic = name('t');
  const receiver = await connect(lastingSession());
  await receiver.subscribe(topic, 2);
  const sender = await connect();
  const ids = [5, 3, 9, 1, 7, 2];
  sender.send(
    ...ids.map((id) =>
      mqtt5.publish({ topic: id % 2 === 0 ? topic : `${topic}/nobody`, qos: 2, id }),
    ),
  );
  const packets = await sender.take(ids.length);
  expect(packets.map(({ type, id }) => `${type} ${id}`)).toEqual(ids.map((id) => `pubrec ${id}`));
});

test('[MQTT-4.13.1-1] PUBREL without an identifier is malformed', async () => {
  const client = await connect();
  client.send(packet(0x62, one(1)));
  await client.expectDisconnect(0x81);
});

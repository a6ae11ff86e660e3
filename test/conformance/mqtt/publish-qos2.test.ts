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

test('[MQTT-3.6.2-1] PUBREL has a reason of its table: 0x92 for an unknown PUBREC', async () => {
  const client = await connect();
  client.send(mqtt5.pubrec(77));
  await client.expect('pubrel', { id: 77, reason: NOT_FOUND, flags: 2 });
});

test('[MQTT-3.6.2-2] [MQTT-3.6.2-3] PUBREL fits into Maximum Packet Size', async () => {
  const client = await connect({ properties: [['maximumPacketSize', 30]] });
  client.send(mqtt5.pubrec(77));
  const pubrel = await client.expect('pubrel', { reason: NOT_FOUND });
  expect(pubrel.bytes.length).toBeLessThanOrEqual(30);
  expect(valuesOf(pubrel, 'userProperty')).toEqual([]);
});

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

test('[MQTT-4.3.3-1] every new QoS 2 message gets an unused identifier', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 2);
  const sender = await connect();
  for (let id = 1; id <= 10; id++) sender.publish({ topic, qos: 2, id });
  const ids = (await receiver.take(10)).map(({ id }) => id);
  expect(new Set(ids).size).toBe(10);
});

test('[MQTT-4.3.3-2] a QoS 2 message arrives as the exact bytes of a QoS 2 PUBLISH', async () => {
  const receiver = await connect();
  await receiver.subscribe('exact/2', 2);
  const sender = await connect();
  sender.publish({ topic: 'exact/2', payload: 'hi', qos: 2, id: 99 }).send(mqtt5.pubrel(99));
  const received = await receiver.next();
  const id = (received.id ?? 0).toString(16).padStart(4, '0');
  expect(received.bytes).toEqual(hex(`34 0e 0007 65786163742f32 ${id} 00 6869`));
});

test('[MQTT-4.3.3-3] a QoS 2 message stays unacknowledged until PUBREC', async () => {
  const topic = name('t');
  const session = lastingSession();
  const first = await connect(session);
  await first.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1, payload: 'again' }).send(mqtt5.pubrel(1));
  const { id } = await first.expect('publish', { dup: false, qos: 2 });
  await first.drop();
  const second = await connect(session);
  await second.expect('publish', { id: id ?? 0, dup: true, qos: 2, payload: 'again' });
});

test('[MQTT-4.3.3-4] PUBREC is answered by PUBREL', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
  const id = (await receiver.expect('publish')).id ?? 0;
  receiver.send(mqtt5.pubrec(id));
  await receiver.expectBytes(Buffer.concat([hex('62 02'), two(id)]));
  receiver.send(mqtt5.pubcomp(id));
  await receiver.expectSilence();
});

test('[MQTT-4.3.3-4] a PUBREC with a warning, 0x10, is answered by PUBREL', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
  const id = (await receiver.expect('publish')).id ?? 0;
  receiver.send(mqtt5.pubrec(id, 0x10));
  await receiver.expect('pubrel', { id, reason: 0 });
});

test('[MQTT-4.3.3-4] a PUBREC with an error ends the exchange without PUBREL', async () => {
  const topic = name('t');
  const session = lastingSession();
  const receiver = await connect(session);
  await receiver.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
  const id = (await receiver.expect('publish')).id ?? 0;
  receiver.send(mqtt5.pubrec(id, 0x80));
  await receiver.expectSilence();
  await receiver.drop();
  const again = await connect(session);
  await again.expectSilence();
});

test('[MQTT-4.3.3-5] PUBREL is sent again after a reconnect until PUBCOMP', async () => {
  const topic = name('t');
  const session = lastingSession();
  const first = await connect(session);
  await first.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
  const id = (await first.expect('publish')).id ?? 0;
  first.send(mqtt5.pubrec(id));
  await first.expect('pubrel', { id });
  await first.drop();
  const second = await connect(session);
  await second.expect('pubrel', { id, reason: 0 });
  second.send(mqtt5.pubcomp(id));
  await second.expectSilence();
  await second.drop();
  const third = await connect(session);
  await third.expectSilence();
});

test('[MQTT-4.3.3-6] after PUBREL the PUBLISH is not sent again', async () => {
  const topic = name('t');
  const session = lastingSession();
  const first = await connect(session);
  await first.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
  const id = (await first.expect('publish')).id ?? 0;
  first.send(mqtt5.pubrec(id));
  await first.expect('pubrel', { id });
  await first.drop();
  const second = await connect(session);
  await second.expect('pubrel', { id });
  await second.expectSilence();
});

test('[MQTT-4.3.3-7] a PUBLISH that was sent does not expire', async () => {
  const topic = name('t');
  const session = { ...lastingSession(), properties: [['sessionExpiryInterval', 6000]] as const };
  const first = await connect(session);
  await first.subscribe(topic, 2);
  const sender = await connect();
  sender
    .publish({ topic, qos: 2, id: 1, payload: 'short', properties: [['messageExpiryInterval', 5]] })
    .send(mqtt5.pubrel(1));
  const id = (await first.expect('publish', { payload: 'short' })).id ?? 0;
  fixture.server.skip(20_000);
  await first.drop();
  const second = await connect(session);
  await second.expect('publish', { id, dup: true, payload: 'short' });
  second.send(mqtt5.pubrec(id));
  await second.expect('pubrel', { id });
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

test('[MQTT-4.4.0-1] unacknowledged PUBLISH and PUBREL are sent again, with their identifiers', async () => {
  const topic = name('t');
  const session = lastingSession();
  const first = await connect(session);
  await first.subscribe(topic, 2);
  const sender = await connect();
  for (const [index, qos] of [1, 2, 2].entries()) {
    sender.publish({ topic, qos, id: index + 1, payload: `${index}` });
    if (qos === 2) sender.send(mqtt5.pubrel(index + 1));
  }
  const sent = await first.take(3);
  first.send(mqtt5.pubrec(sent[2]?.id ?? 0));
  await first.expect('pubrel');
  await first.drop();
  const second = await connect(session);
  const again = await second.take(3);
  const seen = again.map(({ type, id, dup }) => `${type} ${id} ${dup ?? ''}`).sort();
  const expected = [
    `publish ${sent[0]?.id} true`,
    `publish ${sent[1]?.id} true`,
    `pubrel ${sent[2]?.id} `,
  ];
  expect(seen).toEqual(expected.sort());
  await second.expectSilence();
});

test('[MQTT-4.4.0-1] unacknowledged packets are sent again after a restart of the server', async () => {
  const topic = name('t');
  const session = lastingSession();
  const first = await connect(session);
  await first.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 1, id: 1 });
  sender.publish({ topic, qos: 2, id: 2 }).send(mqtt5.pubrel(2));
  const sent = await first.take(2);
  first.send(mqtt5.pubrec(sent[1]?.id ?? 0));
  await first.expect('pubrel');
  await fixture.server.restart();
  const second = await connect(session);
  const again = await second.take(2);
  expect(again.map(({ type, id }) => `${type} ${id}`).sort()).toEqual(
    [`publish ${sent[0]?.id}`, `pubrel ${sent[1]?.id}`].sort(),
  );
  await second.expectSilence();
});

test('[MQTT-4.4.0-2] a message that was refused by PUBREC with 0x80 is not sent again', async () => {
  const topic = name('t');
  const session = lastingSession();
  const first = await connect(session);
  await first.subscribe(topic, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
  first.send(mqtt5.pubrec((await first.expect('publish')).id ?? 0, 0x97));
  await first.expectSilence();
  await first.drop();
  const second = await connect(session);
  await second.expectSilence();
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

test('[MQTT-4.6.0-4] PUBRELs leave in the order of the PUBREC packets', async () => {
  const topic = name('t');
  const receiver = await connect(lastingSession());
  await receiver.subscribe(topic, 2);
  const sender = await connect();
  for (let id = 1; id <= 5; id++) sender.publish({ topic, qos: 2, id }).send(mqtt5.pubrel(id));
  const ids = (await receiver.take(5)).map(({ id }) => id ?? 0);
  const order = [ids[3], ids[0], ids[4], ids[2], ids[1]].map(Number);
  receiver.send(...order.map((id) => mqtt5.pubrec(id)));
  const packets = await receiver.take(5);
  expect(packets.map(({ type, id }) => `${type} ${id}`)).toEqual(order.map((id) => `pubrel ${id}`));
});

test('[MQTT-4.13.1-1] PUBREL without an identifier is malformed', async () => {
  const client = await connect();
  client.send(packet(0x62, one(1)));
  await client.expectDisconnect(0x81);
});

import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { hex, two } from '../../support/raw-mqtt-bytes.js';
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

function lastingSession() {
  return { clientId: name(), cleanStart: false, properties: LASTING };
}

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

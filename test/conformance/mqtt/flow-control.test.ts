import { expect, test } from 'vitest';
import { type RawMqtt, singleOf } from '../../support/raw-mqtt.js';
import { mqtt5, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({ anonymous: true, limits: { receiveMaximum: 5 } });
const { connect, name, open } = fixture;

const RECEIVE_MAXIMUM_EXCEEDED = 0x93;
const LASTING = ['sessionExpiryInterval', 60] as const;

/** Publishes so many messages, and waits until the server has them. */
async function publish(topic: string, count: number, qos = 1): Promise<void> {
  const sender = await connect();
  for (let index = 0; index < count; index++) {
    sender.publish({ topic, payload: `${index}`, qos, id: 1 });
    if (qos === 1) await sender.expect('puback');
    if (qos === 2) sender.send(mqtt5.pubrel(1));
    if (qos === 2) await sender.take(2);
  }
  await sender.expectSilence();
}

async function receiver(topic: string, maximum: number, qos = 2): Promise<RawMqtt> {
  const client = await connect({ properties: [['receiveMaximum', maximum]] });
  await client.subscribe(topic, qos);
  return client;
}

test('[MQTT-3.3.4-7] more unacknowledged publishes than Receive Maximum close the connection', async () => {
  const client = await open();
  const connack = await client.login({ clientId: name() });
  const maximum = Number(singleOf(connack, 'receiveMaximum'));
  expect(maximum).toBe(5);
  // QoS 2 publishes count until PUBCOMP, so that they can be piled up.
  for (let id = 1; id <= maximum + 1; id++) client.publish({ topic: name('t'), qos: 2, id });
  let answer = await client.next();
  while (answer.type === 'pubrec') answer = await client.next();
  expect(answer).toMatchObject({ type: 'disconnect', reason: RECEIVE_MAXIMUM_EXCEEDED });
  await client.expectClosed();
});

test('[MQTT-3.3.4-7] acknowledged publishes do not count', async () => {
  const client = await connect();
  for (let id = 1; id <= 20; id++) {
    client.publish({ topic: name('t'), qos: 1, id });
    await client.expect('puback', { id });
    client.publish({ topic: name('t'), qos: 2, id });
    await client.expect('pubrec', { id });
    client.send(mqtt5.pubrel(id));
    await client.expect('pubcomp', { id });
  }
});

test('[MQTT-3.3.4-7] QoS 0 publishes do not count', async () => {
  const client = await connect();
  for (let id = 1; id <= 5; id++) client.publish({ topic: name('t'), qos: 2, id });
  for (let count = 0; count < 20; count++) client.publish({ topic: name('t') });
  await client.take(5);
  await client.expectSilence();
});

test.each([
  [1, 1],
  [1, 2],
  [3, 1],
  [3, 2],
])(
  '[MQTT-3.3.4-9] [MQTT-4.9.0-2] Receive Maximum %d holds back publishes of QoS %d',
  async (...row) => {
    const [maximum, qos] = row;
    const topic = name('t');
    const client = await receiver(topic, maximum);
    await publish(topic, 8, qos);
    const held = await client.take(maximum);
    await client.expectSilence();
    let next = maximum;
    for (const { id } of held) {
      if (qos === 1) client.send(mqtt5.puback(id ?? 0));
      else {
        client.send(mqtt5.pubrec(id ?? 0));
        await client.expect('pubrel', { id: id ?? 0 });
        await client.expectSilence();
        client.send(mqtt5.pubcomp(id ?? 0));
      }
      await client.expect('publish', { payload: `${next++}` });
      await client.expectSilence();
    }
  },
);

test('[MQTT-4.9.0-2] a PUBREC with an error gives the place back', async () => {
  const topic = name('t');
  const client = await receiver(topic, 1);
  await publish(topic, 3, 2);
  for (let index = 0; index < 3; index++) {
    const { id } = await client.expect('publish', { payload: `${index}` });
    await client.expectSilence();
    client.send(mqtt5.pubrec(id ?? 0, 0x80));
  }
  await client.expectSilence();
});

test('[MQTT-4.9.0-2] an acknowledgement of nothing does not give a place', async () => {
  const topic = name('t');
  const client = await receiver(topic, 1);
  await publish(topic, 3);
  const { id } = await client.expect('publish', { payload: '0' });
  const unknown = (id ?? 0) + 1000;
  client.send(mqtt5.puback(unknown), mqtt5.pubcomp(unknown));
  await client.expectSilence();
  client.send(mqtt5.puback(id ?? 0), mqtt5.puback(id ?? 0));
  await client.expect('publish', { payload: '1' });
  await client.expectSilence();
});

test('[MQTT-4.9.0-1] Receive Maximum is the number of publishes at the start of each connection', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false };
  const first = await connect({ ...session, properties: [LASTING, ['receiveMaximum', 4]] });
  await first.subscribe(topic, 1);
  await publish(topic, 8);
  await first.take(4);
  await first.expectSilence();
  await first.drop();
  const second = await connect({ ...session, properties: [LASTING, ['receiveMaximum', 2]] });
  const again = await second.take(2);
  expect(again.map(({ payload }) => payload)).toEqual(['0', '1']);
  await second.expectSilence();
  second.send(mqtt5.puback(again[0]?.id ?? 0));
  await second.expect('publish', { payload: '2', dup: true });
  await second.expectSilence();
});

test('[MQTT-4.9.0-1] a client without Receive Maximum gets more than one publish', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic, 1);
  await publish(topic, 50);
  expect((await client.take(50)).length).toBe(50);
});

test('[MQTT-3.3.4-10] [MQTT-4.9.0-3] other packets are answered while the quota is used up', async () => {
  const topic = name('t');
  const client = await receiver(topic, 1);
  await publish(topic, 3);
  await client.expect('publish');
  client.send(PINGREQ);
  await client.expect('pingresp');
  await client.subscribe(name('t'), 0, [], 50);
  client.send(mqtt5.unsubscribe(51, [name('t')]));
  await client.expect('unsuback', { id: 51 });
  client.publish({ topic: name('nobody'), qos: 1, id: 52 });
  await client.expect('puback', { id: 52 });
  client.publish({ topic: name('nobody'), qos: 2, id: 53 });
  await client.expect('pubrec', { id: 53 });
  client.send(mqtt5.pubrel(53));
  await client.expect('pubcomp', { id: 53 });
});

test('[MQTT-3.1.2-24] [MQTT-3.1.2-25] a message above Maximum Packet Size is passed over', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false };
  const first = await connect({
    ...session,
    properties: [LASTING, ['maximumPacketSize', 100], ['receiveMaximum', 1]],
  });
  await first.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'x'.repeat(200) });
  sender.publish({ topic, payload: 'y'.repeat(200) });
  await sender.deliver({ topic, payload: 'small' });
  const { id } = await first.expect('publish', { payload: 'small' });
  first.send(mqtt5.puback(id ?? 0));
  await first.expectSilence();
  await first.drop();
  const second = await connect({ ...session, properties: [LASTING] });
  await second.expectSilence();
});

test('[MQTT-3.1.2-24] a message of exactly Maximum Packet Size is delivered', async () => {
  const topic = name('t');
  const sent = mqtt5.publish({ topic, payload: 'x'.repeat(90) });
  const fits = await connect({ properties: [['maximumPacketSize', sent.length]] });
  await fits.subscribe(topic);
  const tight = await connect({ properties: [['maximumPacketSize', sent.length - 1]] });
  await tight.subscribe(topic);
  const sender = await connect();
  sender.send(sent);
  await fits.expectBytes(sent);
  await tight.expectSilence();
});

test('[MQTT-3.1.2-24] a subscription identifier counts for the size of the packet', async () => {
  const topic = name('t');
  const sent = mqtt5.publish({ topic, payload: 'x'.repeat(90) });
  const client = await connect({ properties: [['maximumPacketSize', sent.length]] });
  await client.subscribe(topic, 0, [['subscriptionIdentifier', 1]]);
  const sender = await connect();
  sender.send(sent);
  sender.publish({ topic, payload: 'short' });
  await client.expect('publish', { payload: 'short' });
});

test('[MQTT-3.1.2-24] CONNACK is not sent to a client that takes no packet of its size', async () => {
  for (let maximumPacketSize = 1; maximumPacketSize <= 20; maximumPacketSize++) {
    const client = await open();
    client.send(
      mqtt5.connect({ clientId: '', properties: [['maximumPacketSize', maximumPacketSize]] }),
    );
    const packet = await client.nextOrClosed();
    if (packet === null) continue;
    expect(packet.bytes.length).toBeLessThanOrEqual(maximumPacketSize);
    if (packet.reason === 0) continue;
    expect(packet).toMatchObject({ type: 'connack', reason: 0x95 });
    await client.expectClosed();
  }
});

test('[MQTT-3.1.2-24] SUBACK and UNSUBACK keep to Maximum Packet Size', async () => {
  const filters = Array.from({ length: 40 }, () => name('filter'));
  for (const bytes of [
    mqtt5.subscribe(
      1,
      filters.map((filter) => [filter, 0] as const),
    ),
    mqtt5.unsubscribe(1, filters),
  ]) {
    const client = await connect({ properties: [['maximumPacketSize', 30]] });
    client.send(bytes, PINGREQ);
    for (;;) {
      const packet = await client.nextOrClosed();
      if (packet === null || packet.type === 'pingresp') break;
      expect(packet.bytes.length).toBeLessThanOrEqual(30);
    }
  }
});

test('[MQTT-4.3.3-10] a publish that is repeated takes no second place of Receive Maximum', async () => {
  const topic = name('t');
  const client = await connect();
  for (let id = 1; id <= 5; id++) client.publish({ topic, qos: 2, id });
  await client.take(5);
  for (let id = 1; id <= 5; id++) client.publish({ topic, qos: 2, id, dup: true });
  for (let id = 1; id <= 5; id++) await client.expect('pubrec', { id });
  await client.expectSilence();
});

test('[MQTT-4.9.0-1] Receive Maximum of the server starts anew with each connection', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: [LASTING] };
  const first = await connect(session);
  for (let id = 1; id <= 5; id++) first.publish({ topic, qos: 2, id });
  await first.take(5);
  await first.drop();
  const second = await connect(session);
  for (let id = 1; id <= 5; id++) second.publish({ topic, qos: 2, id, dup: true });
  for (let id = 1; id <= 5; id++) await second.expect('pubrec', { id });
  for (let id = 1; id <= 5; id++) second.send(mqtt5.pubrel(id));
  for (let id = 1; id <= 5; id++) await second.expect('pubcomp', { id, reason: 0 });
});

import { expect, test } from 'vitest';
import type { RawMqtt } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer();
const { connect, name } = fixture;

const LASTING = [['sessionExpiryInterval', 60]] as const;

/** The filter is refused, one way or the other. */
async function expectFilterRefused(filter: string): Promise<void> {
  const client = await connect();
  client.send(mqtt5.subscribe(1, [[filter, 0]]));
  const answer = await client.next();
  if (answer.type === 'suback') {
    expect(answer.reasons).toEqual([0x8f]);
    return client.expectSilence();
  }
  expect(answer.type).toBe('disconnect');
  expect([0x81, 0x82, 0x8f]).toContain(answer.reason);
  return client.expectClosed();
}

test.each(['$share/', '$share//', '$share//a'])(
  '[MQTT-4.8.2-1] "%s", without a share name, is refused',
  (filter) => expectFilterRefused(filter),
);

test.each(['$share/a+b/t', '$share/+/t', '$share/a#b/t', '$share/#/t', '$share/#'])(
  '[MQTT-4.8.2-2] "%s", with a wildcard in the share name, is refused',
  (filter) => expectFilterRefused(filter),
);

test.each(['$share/group', '$share/group/'])(
  '[MQTT-4.8.2-2] "%s", without a topic filter, is refused',
  (filter) => expectFilterRefused(filter),
);

test.each(['$share/group/a#', '$share/group/a/#/b'])(
  '[MQTT-4.7.1-1] "%s", with a wrong topic filter, is refused',
  (filter) => expectFilterRefused(filter),
);

test('[MQTT-4.8.2-1] [MQTT-4.8.2-2] a share name of one character and any other is taken', async () => {
  const topic = name('t');
  const client = await connect();
  for (const share of ['g', 'group with blanks', '\u00e4', '$share']) {
    await client.subscribe(`$share/${share}/${topic}`);
  }
  const sender = await connect();
  sender.publish({ topic });
  expect((await client.take(4)).map((packet) => packet.topic)).toEqual(Array(4).fill(topic));
});

test('[MQTT-4.8.2-3] members get messages at the QoS that was granted to them', async () => {
  const topic = name('t');
  const sender = await connect();
  for (const qos of [0, 1, 2]) {
    const member = await connect();
    await member.subscribe(`$share/g/${topic}`, qos);
    sender.publish({ topic, qos: 2, id: 1 }).send(mqtt5.pubrel(1));
    const received = await member.expect('publish', { topic, qos });
    if (qos === 1) member.send(mqtt5.puback(received.id ?? 0));
    if (qos === 2) member.send(mqtt5.pubrec(received.id ?? 0), mqtt5.pubcomp(received.id ?? 0));
    await member.leave();
    await sender.take(2);
  }
});

test('[MQTT-4.8.2-3] members with different QoS in one group each get theirs', async () => {
  const topic = name('t');
  const members = [await connect(), await connect()];
  await members[0]?.subscribe(`$share/g/${topic}`, 0);
  await members[1]?.subscribe(`$share/g/${topic}`, 1);
  const sender = await connect();
  for (let count = 0; count < 20; count++) await sender.deliver({ topic, payload: `${count}` });
  const seen: string[] = [];
  for (const [qos, member] of members.entries()) {
    for (const packet of await drain(member)) {
      expect(packet.qos).toBe(qos);
      seen.push(packet.payload ?? '');
    }
  }
  expect(seen.length).toBe(20);
  expect(new Set(seen).size).toBe(20);
});

test('[MQTT-4.8.2-3] each group, and each subscription that is not shared, gets its copy', async () => {
  const topic = name('t');
  const [one, two, alone] = [await connect(), await connect(), await connect()];
  await one.subscribe(`$share/one/${topic}`);
  await two.subscribe(`$share/two/${topic}`);
  await alone.subscribe(topic);
  const sender = await connect();
  sender.publish({ topic, payload: 'x' });
  for (const client of [one, two, alone]) await client.expect('publish', { payload: 'x' });
});

test('[MQTT-4.8.2-4] a QoS 2 delivery in progress is completed to its client when it is back', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(`$share/g/${topic}`, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1, payload: 'mine' }).send(mqtt5.pubrel(1));
  const id = (await first.expect('publish', { qos: 2 })).id ?? 0;
  const other = await connect();
  await other.subscribe(`$share/g/${topic}`, 2);
  await first.drop();
  await sender.take(2);
  await other.expectSilence();
  const second = await connect(session);
  await second.expect('publish', { payload: 'mine', id, dup: true });
  second.send(mqtt5.pubrec(id));
  await second.expect('pubrel', { id, reason: 0 });
  await other.expectSilence();
});

test('[MQTT-4.8.2-4] nor does a restart of the server bring it to anybody else', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(`$share/g/${topic}`, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1, payload: 'mine' }).send(mqtt5.pubrel(1));
  const id = (await first.expect('publish', { qos: 2 })).id ?? 0;
  await sender.take(2);
  await fixture.server.restart();
  const other = await connect();
  await other.subscribe(`$share/g/${topic}`, 2);
  await other.expectSilence();
  const second = await connect(session);
  await second.expect('publish', { payload: 'mine', id, dup: true });
  second.send(mqtt5.pubrec(id));
  await second.expect('pubrel', { id, reason: 0 });
  second.send(mqtt5.pubcomp(id));
  await second.expectSilence();
  await other.expectSilence();
});

test('[MQTT-4.8.2-4] the deliveries of one message through two groups are both completed', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(`$share/one/${topic}`, 2);
  await first.subscribe(`$share/two/${topic}`, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1, payload: 'mine' }).send(mqtt5.pubrel(1));
  const ids = (await first.take(2)).map(({ id }) => id);
  await sender.take(2);
  await first.drop();
  const second = await connect(session);
  const again = await second.take(2);
  expect(again.map(({ id }) => id).sort()).toEqual(ids.sort());
  expect(again.map(({ dup }) => dup)).toEqual([true, true]);
  await second.expectSilence();
});

test('[MQTT-4.8.2-4] a delivery that was received is completed with PUBREL', async () => {
  const topic = name('t');
  const session = { clientId: name(), cleanStart: false, properties: LASTING };
  const first = await connect(session);
  await first.subscribe(`$share/g/${topic}`, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1, payload: 'mine' }).send(mqtt5.pubrel(1));
  const id = (await first.expect('publish', { qos: 2 })).id ?? 0;
  first.send(mqtt5.pubrec(id));
  await first.expect('pubrel', { id });
  const other = await connect();
  await other.subscribe(`$share/g/${topic}`, 2);
  await first.drop();
  const second = await connect(session);
  await second.expect('pubrel', { id });
  second.send(mqtt5.pubcomp(id));
  await second.expectSilence();
  await other.expectSilence();
});

test('[MQTT-4.8.2-5] a QoS 2 delivery goes to nobody else when the session ends', async () => {
  const topic = name('t');
  const first = await connect();
  await first.subscribe(`$share/g/${topic}`, 2);
  const sender = await connect();
  sender.publish({ topic, qos: 2, id: 1, payload: 'mine' }).send(mqtt5.pubrel(1));
  await first.expect('publish', { qos: 2 });
  const other = await connect();
  await other.subscribe(`$share/g/${topic}`, 2);
  await first.leave();
  await sender.take(2);
  await sender.deliver({ topic, payload: 'next', id: 7 });
  await other.expect('publish', { payload: 'next' });
  await other.expectSilence();
});

test('[MQTT-4.8.2-6] a message that was refused goes to nobody else', async () => {
  const topic = name('t');
  const first = await connect();
  await first.subscribe(`$share/g/${topic}`, 2);
  const sender = await connect();
  for (const [qos, refuse] of [
    [1, (id: number) => mqtt5.puback(id, 0x80)],
    [2, (id: number) => mqtt5.pubrec(id, 0x97)],
  ] as const) {
    sender.publish({ topic, qos, id: qos, payload: 'refused' });
    if (qos === 2) sender.send(mqtt5.pubrel(qos));
    const { id } = await first.expect('publish', { payload: 'refused', qos });
    const other = await connect();
    await other.subscribe(`$share/g/${topic}`, 2);
    first.send(refuse(id ?? 0));
    await first.expectSilence();
    await other.expectSilence();
    await other.leave();
  }
});

test('[MQTT-4.8.2-3] a QoS 1 message that its client did not acknowledge goes to another', async () => {
  const topic = name('t');
  const first = await connect();
  await first.subscribe(`$share/g/${topic}`, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'left' });
  await first.expect('publish', { payload: 'left' });
  const other = await connect();
  await other.subscribe(`$share/g/${topic}`, 1);
  await first.drop();
  await other.expect('publish', { payload: 'left' });
});

test('[MQTT-3.10.4-1] UNSUBSCRIBE takes a member out of its group', async () => {
  const topic = name('t');
  const [first, second] = [await connect(), await connect()];
  await first.subscribe(`$share/g/${topic}`);
  await second.subscribe(`$share/g/${topic}`);
  first.send(mqtt5.unsubscribe(2, [`$share/g/${topic}`]));
  await first.expect('unsuback', { reasons: [0] });
  const sender = await connect();
  for (let count = 0; count < 10; count++) sender.publish({ topic });
  await second.take(10);
  await first.expectSilence();
});

/** All deliveries up to now. */
async function drain(client: RawMqtt) {
  client.send(Buffer.of(0xc0, 0));
  const packets = [];
  let packet = await client.next();
  while (packet.type !== 'pingresp') {
    packets.push(packet);
    packet = await client.next();
  }
  return packets;
}

import { expect, test } from 'vitest';
import { singleOf, valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer();
const { connect, name, open } = fixture;

/** CONNECT options of a session that outlives its connection by so many seconds. */
function lasting(clientId: string, seconds = 60) {
  return { clientId, cleanStart: false, properties: [['sessionExpiryInterval', seconds]] as const };
}

/** Logs in and tells whether the session was there. */
async function present(clientId: string, seconds = 60): Promise<boolean> {
  const client = await open();
  return (await client.login(lasting(clientId, seconds))).acknowledgeFlags === 1;
}

test('[MQTT-3.1.2-4] [MQTT-3.1.4-4] Clean Start 1 discards the session that was there', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId));
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'waiting' });
  const second = await open();
  const connack = await second.login({ ...lasting(clientId), cleanStart: true });
  expect(connack.acknowledgeFlags).toBe(0);
  await sender.deliver({ topic, payload: 'unsubscribed' });
  await second.expectSilence();
  await second.drop();
  const third = await connect(lasting(clientId));
  await third.expectSilence();
});

test('[MQTT-3.1.2-4] Clean Start 1 discards the session of a client that is connected', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId));
  await first.subscribe(topic, 1);
  const second = await open();
  const connack = await second.login({ ...lasting(clientId), cleanStart: true });
  expect(connack.acknowledgeFlags).toBe(0);
  await first.expectDisconnect(0x8e);
  const sender = await connect();
  await sender.deliver({ topic });
  await second.expectSilence();
});

test('[MQTT-3.1.2-5] Clean Start 0 resumes: subscriptions and waiting messages are there', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId));
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'waiting' });
  const second = await open();
  const connack = await second.login(lasting(clientId));
  expect(connack.acknowledgeFlags).toBe(1);
  await second.expect('publish', { payload: 'waiting', qos: 1 });
  await sender.deliver({ topic, payload: 'live' });
  await second.expect('publish', { payload: 'live', qos: 1 });
});

test('[MQTT-3.1.2-5] a session is resumed from a connection that still stands', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId));
  await first.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'begun' });
  const { id } = await first.expect('publish');
  const second = await open();
  expect((await second.login(lasting(clientId))).acknowledgeFlags).toBe(1);
  await first.expectDisconnect(0x8e);
  await second.expect('publish', { payload: 'begun', id: id ?? 0, dup: true });
});

test('[MQTT-3.1.2-6] Clean Start 0 without a session starts a new one', async () => {
  const clientId = name();
  expect(await present(clientId)).toBe(false);
  expect(await present(clientId)).toBe(true);
});

test('[MQTT-3.1.2-23] the session is stored when its expiry is above 0', async () => {
  const clientId = name();
  const first = await connect(lasting(clientId, 1));
  await first.drop();
  expect(await present(clientId)).toBe(true);
});

test('[MQTT-3.1.2-23] the session is stored across a restart of the server', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId, 600));
  await first.subscribe(topic, 1);
  const sender = await connect();
  await fixture.server.restart();
  await first.expectDisconnect(0x8b);
  await sender.expectDisconnect(0x8b);
  const other = await connect();
  await other.deliver({ topic, payload: 'after' });
  const second = await open();
  expect((await second.login(lasting(clientId))).acknowledgeFlags).toBe(1);
  await second.expect('publish', { payload: 'after' });
});

test('[MQTT-3.1.2-23] a session without expiry ends with its connection', async () => {
  const clientId = name();
  const first = await connect({ clientId });
  await first.leave();
  expect(await present(clientId)).toBe(false);
});

test('[MQTT-3.1.3-2] sessions are told apart by the client identifier', async () => {
  const topic = name('t');
  const [one, two] = [name(), name()];
  const first = await connect(lasting(one));
  await first.subscribe(topic, 1);
  await first.drop();
  expect(await present(two)).toBe(false);
  expect(await present(one.toUpperCase())).toBe(false);
  expect(await present(one)).toBe(true);
});

test('[MQTT-4.1.0-1] the session stays while its connection does, whatever its expiry', async () => {
  const topic = name('t');
  for (const seconds of [0, 1]) {
    const client = await connect(lasting(name(), seconds));
    await client.subscribe(topic, 1);
    fixture.server.skip(600_000);
    const sender = await connect();
    await sender.deliver({ topic, payload: `${seconds}` });
    await client.expect('publish', { payload: `${seconds}` });
  }
});

test('[MQTT-4.1.0-2] the session is discarded when its expiry has passed', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId, 10));
  await first.subscribe(topic, 1);
  await first.leave();
  fixture.server.skip(11_000);
  const sender = await connect();
  await sender.deliver({ topic });
  const second = await open();
  expect((await second.login(lasting(clientId))).acknowledgeFlags).toBe(0);
  await second.expectSilence();
});

test('[MQTT-4.1.0-2] the session is there until its expiry has passed', async () => {
  const clientId = name();
  const first = await connect(lasting(clientId, 100));
  await first.leave();
  fixture.server.skip(95_000);
  expect(await present(clientId, 100)).toBe(true);
});

test('[MQTT-4.1.0-2] the expiry counts from the last connection', async () => {
  const clientId = name();
  for (let round = 0; round < 3; round++) {
    const client = await open();
    const connack = await client.login(lasting(clientId, 100));
    expect(connack.acknowledgeFlags).toBe(round === 0 ? 0 : 1);
    await client.leave();
    fixture.server.skip(60_000);
  }
  expect(await present(clientId)).toBe(true);
});

test('[MQTT-4.1.0-2] an expiry of 0xFFFFFFFF does not pass', async () => {
  const clientId = name();
  const first = await connect(lasting(clientId, 0xffff_ffff));
  await first.leave();
  fixture.server.skip(7 * 24 * 3600 * 1000);
  expect(await present(clientId)).toBe(true);
});

test('[MQTT-4.1.0-2] DISCONNECT may change the expiry', async () => {
  const [shorter, longer] = [name(), name()];
  const first = await connect(lasting(shorter, 600));
  await first.leave(0, [['sessionExpiryInterval', 0]]);
  expect(await present(shorter)).toBe(false);
  const second = await connect(lasting(longer, 10));
  await second.leave(0, [['sessionExpiryInterval', 600]]);
  fixture.server.skip(60_000);
  expect(await present(longer)).toBe(true);
});

test('[MQTT-4.1.0-2] the expiry runs on while the server is down', async () => {
  const clientId = name();
  const first = await connect(lasting(clientId, 10));
  await first.leave();
  await fixture.server.restart();
  fixture.server.skip(11_000);
  expect(await present(clientId)).toBe(false);
});

test('[MQTT-4.5.0-1] a session that expires takes its messages with it, others keep theirs', async () => {
  const topic = name('t');
  const [short, long] = [name(), name()];
  for (const [clientId, seconds] of [
    [short, 10],
    [long, 600],
  ] as const) {
    const client = await connect(lasting(clientId, seconds));
    await client.subscribe(topic, 1);
    await client.leave();
  }
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept' });
  fixture.server.skip(11_000);
  expect(await present(short)).toBe(false);
  const client = await connect(lasting(long));
  await client.expect('publish', { payload: 'kept' });
});

test('[MQTT-4.4.0-1] a client that starts clean gets nothing again', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId));
  await first.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic });
  await first.expect('publish');
  await first.drop();
  const second = await connect({ ...lasting(clientId), cleanStart: true });
  await second.expectSilence();
});

test('[MQTT-3.1.2-5] a PUBREC from before is still known after a reconnect', async () => {
  const clientId = name();
  const first = await connect(lasting(clientId));
  first.publish({ topic: name('t'), qos: 2, id: 5 });
  await first.expect('pubrec', { id: 5 });
  await first.drop();
  const second = await connect(lasting(clientId));
  second.send(mqtt5.pubrel(5));
  await second.expect('pubcomp', { id: 5, reason: 0 });
});

test('[MQTT-3.1.2-23] subscriptions keep their options across a restart of the server', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId, 600));
  const noLocal = 0x04;
  const retainAsPublished = 0x08;
  await first.subscribe(`${topic}/kept`, retainAsPublished | 2, [['subscriptionIdentifier', 77]]);
  await first.subscribe(`${topic}/foreign`, noLocal | 1);
  await fixture.server.restart();
  const second = await connect(lasting(clientId, 600));
  await second.deliver({ topic: `${topic}/foreign`, payload: 'own' });
  const sender = await connect();
  await sender.deliver({ topic: `${topic}/kept`, payload: 'kept', retain: true });
  const kept = await second.expect('publish', { payload: 'kept', qos: 1, retain: true });
  expect(valuesOf(kept, 'subscriptionIdentifier')).toEqual([77]);
  await sender.deliver({ topic: `${topic}/foreign`, payload: 'foreign' });
  await second.expect('publish', { payload: 'foreign', qos: 1 });
});

test('[MQTT-3.1.2-23] shared subscriptions are kept across a restart of the server', async () => {
  const topic = name('t');
  const clientId = name();
  const first = await connect(lasting(clientId, 600));
  await first.subscribe(`$share/g/${topic}`, 1);
  await fixture.server.restart();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'waited' });
  const second = await connect(lasting(clientId, 600));
  await second.expect('publish', { topic, payload: 'waited', qos: 1 });
});

test('[MQTT-4.1.0-2] an expiry that is lowered is told', async () => {
  const client = await open();
  const connack = await client.login(lasting(name(), 0xffff_ffff));
  const told = singleOf(connack, 'sessionExpiryInterval');
  const day = 24 * 3600;
  expect(told).toBe(30 * day);
  const short = await open();
  const plain = await short.login(lasting(name(), day));
  expect([undefined, day]).toContain(singleOf(plain, 'sessionExpiryInterval'));
});

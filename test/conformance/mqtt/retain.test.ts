import { expect, test } from 'vitest';
import { singleOf, valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer();
const { connect, name } = fixture;

/** Subscription options of MQTT 5. */
const RETAIN_AS_PUBLISHED = 0x08;
const ONLY_WHEN_NEW = 0x10;
const NEVER = 0x20;

test('[MQTT-3.3.1-5] a retained message replaces the one before', async () => {
  const topic = name('t');
  const sender = await connect();
  for (const payload of ['one', 'two', 'three']) {
    await sender.deliver({ topic, payload, retain: true });
  }
  const receiver = await connect();
  await receiver.subscribe(topic, 1);
  await receiver.expect('publish', { payload: 'three', retain: true });
  await receiver.expectSilence();
});

test.each([0, 1, 2])('[MQTT-3.3.1-5] a message of QoS %d is retained', async (qos) => {
  const topic = name('t');
  const sender = await connect();
  sender.publish({ topic, payload: 'kept', qos, id: 1, retain: true });
  if (qos === 1) await sender.expect('puback');
  if (qos === 2) await sender.expect('pubrec');
  await sender.expectSilence();
  const receiver = await connect();
  await receiver.subscribe(topic, 2);
  await receiver.expect('publish', { payload: 'kept', retain: true, qos });
});

test('[MQTT-3.3.1-5] retained messages survive a restart of the server', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'old', retain: true });
  await sender.deliver({ topic, payload: 'kept', retain: true });
  await fixture.server.restart();
  const receiver = await connect();
  await receiver.subscribe(topic, 1);
  await receiver.expect('publish', { payload: 'kept', retain: true });
  await receiver.expectSilence();
});

test('[MQTT-3.3.1-5] retained messages do not belong to a session', async () => {
  const topic = name('t');
  const clientId = name();
  const sender = await connect({ clientId });
  await sender.deliver({ topic, payload: 'kept', retain: true });
  await sender.leave();
  const again = await connect({ clientId, cleanStart: true });
  await again.subscribe(topic);
  await again.expect('publish', { payload: 'kept', retain: true });
});

test('[MQTT-3.3.1-6] [MQTT-3.3.1-7] an empty retained message removes the one before', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  await sender.deliver({ topic, payload: '', retain: true });
  const receiver = await connect();
  await receiver.subscribe(topic);
  await receiver.expectSilence();
});

test('[MQTT-3.3.1-6] an empty retained message is delivered to those who subscribe', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic);
  const sender = await connect();
  await sender.deliver({ topic, payload: '', retain: true });
  await receiver.expect('publish', { topic, payload: '', retain: false });
});

test('[MQTT-3.3.1-7] an empty message alone is not kept, before a restart and after', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: '', retain: true });
  await fixture.server.restart();
  const receiver = await connect();
  await receiver.subscribe(topic);
  await receiver.expectSilence();
});

test('[MQTT-3.3.1-8] a message without RETAIN neither is kept nor replaces what is', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic: `${topic}/none`, payload: 'passing' });
  await sender.deliver({ topic: `${topic}/one`, payload: 'kept', retain: true });
  await sender.deliver({ topic: `${topic}/one`, payload: 'passing' });
  await sender.deliver({ topic: `${topic}/one`, payload: '' });
  const receiver = await connect();
  await receiver.subscribe(`${topic}/#`, 1);
  await receiver.expect('publish', { topic: `${topic}/one`, payload: 'kept', retain: true });
  await receiver.expectSilence();
});

test('[MQTT-3.3.1-9] Retain Handling 0 sends all retained messages that match, each time', async () => {
  const topic = name('t');
  const sender = await connect();
  for (const level of ['a', 'b', 'b/c']) {
    await sender.deliver({ topic: `${topic}/${level}`, payload: level, retain: true });
  }
  const receiver = await connect();
  for (let round = 0; round < 2; round++) {
    await receiver.subscribe(`${topic}/#`, 0);
    const payloads = (await receiver.take(3)).map(({ payload }) => payload);
    expect(payloads.sort()).toEqual(['a', 'b', 'b/c']);
  }
  await receiver.subscribe(`${topic}/+`, 0);
  const payloads = (await receiver.take(2)).map(({ payload }) => payload);
  expect(payloads.sort()).toEqual(['a', 'b']);
  await receiver.expectSilence();
});

test('[MQTT-3.3.1-10] Retain Handling 1 sends them for a new subscription only', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  const receiver = await connect();
  await receiver.subscribe(topic, ONLY_WHEN_NEW);
  await receiver.expect('publish', { payload: 'kept' });
  await receiver.subscribe(topic, ONLY_WHEN_NEW);
  await receiver.expectSilence();
  receiver.send(mqtt5.unsubscribe(5, [topic]));
  await receiver.expect('unsuback', { reasons: [0] });
  await receiver.subscribe(topic, ONLY_WHEN_NEW);
  await receiver.expect('publish', { payload: 'kept' });
});

test('[MQTT-3.3.1-10] a subscription of a resumed session is not new', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, ONLY_WHEN_NEW);
  await first.expect('publish', { payload: 'kept' });
  await first.drop();
  const second = await connect(session);
  await second.subscribe(topic, ONLY_WHEN_NEW);
  await second.expectSilence();
});

test('[MQTT-3.3.1-11] Retain Handling 2 sends none', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  const receiver = await connect();
  await receiver.subscribe(topic, NEVER);
  await receiver.expectSilence();
});

test('[MQTT-3.3.1-12] without Retain As Published RETAIN is 0 in what is forwarded', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, 0);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'x', retain: true });
  await receiver.expect('publish', { payload: 'x', retain: false });
});

test('[MQTT-3.3.1-13] with Retain As Published RETAIN is as the sender set it', async () => {
  const topic = name('t');
  const receiver = await connect();
  await receiver.subscribe(topic, RETAIN_AS_PUBLISHED);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'one', retain: true });
  await sender.deliver({ topic, payload: 'two', retain: false });
  await receiver.expect('publish', { payload: 'one', retain: true });
  await receiver.expect('publish', { payload: 'two', retain: false });
});

test('[MQTT-3.3.1-13] RETAIN survives the wait in a session', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, RETAIN_AS_PUBLISHED | 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'one', retain: true });
  await sender.deliver({ topic, payload: 'two' });
  const second = await connect(session);
  await second.expect('publish', { payload: 'one', retain: true });
  await second.expect('publish', { payload: 'two', retain: false });
});

test('[MQTT-3.3.1-9] retained messages have RETAIN 1, whatever Retain As Published says', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  const receiver = await connect();
  for (const options of [0, RETAIN_AS_PUBLISHED]) {
    await receiver.subscribe(topic, options);
    await receiver.expect('publish', { payload: 'kept', retain: true });
  }
});

test('[MQTT-3.3.1-9] a shared subscription gets no retained messages', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  const receiver = await connect();
  await receiver.subscribe(`$share/group/${topic}`);
  await receiver.expectSilence();
});

test('[MQTT-3.3.2-5] an expired retained message is not sent', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({
    topic,
    payload: 'short',
    retain: true,
    properties: [['messageExpiryInterval', 10]],
  });
  fixture.server.skip(11_000);
  const receiver = await connect();
  await receiver.subscribe(topic);
  await receiver.expectSilence();
});

test('[MQTT-3.3.2-6] the expiry of a retained message is less by its age', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({
    topic,
    payload: 'kept',
    retain: true,
    properties: [['messageExpiryInterval', 600]],
  });
  fixture.server.skip(100_000);
  const receiver = await connect();
  await receiver.subscribe(topic);
  const rest = Number(singleOf(await receiver.expect('publish'), 'messageExpiryInterval'));
  expect(rest).toBeGreaterThanOrEqual(495);
  expect(rest).toBeLessThanOrEqual(500);
});

test('[MQTT-3.3.4-3] a retained message names the subscription identifier', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  const receiver = await connect();
  await receiver.subscribe(topic, 0, [['subscriptionIdentifier', 42]]);
  const received = await receiver.expect('publish', { payload: 'kept' });
  expect(valuesOf(received, 'subscriptionIdentifier')).toEqual([42]);
});

test('[MQTT-3.3.2-17] a retained message keeps its properties', async () => {
  const topic = name('t');
  const sender = await connect();
  await sender.deliver({
    topic,
    payload: 'kept',
    retain: true,
    properties: [
      ['contentType', 'text/plain'],
      ['userProperty', ['a', 'b']],
    ],
  });
  const receiver = await connect();
  await receiver.subscribe(topic);
  const received = await receiver.expect('publish', { payload: 'kept' });
  expect(received.properties).toEqual([
    ['contentType', 'text/plain'],
    ['userProperty', ['a', 'b']],
  ]);
});

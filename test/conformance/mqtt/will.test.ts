import { expect, test } from 'vitest';
import { type RawMqtt, singleOf, valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer();
const { connect, name, open } = fixture;

async function watch(topic: string, qos = 2): Promise<RawMqtt> {
  const watcher = await connect();
  await watcher.subscribe(topic, qos);
  return watcher;
}

test('[MQTT-3.1.2-7] [MQTT-3.1.2-8] the will is published when the connection breaks', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({ will: { topic, payload: 'gone' } });
  await watcher.expectSilence();
  await client.drop();
  await watcher.expect('publish', { topic, payload: 'gone' });
  await watcher.expectSilence();
});

test('[MQTT-3.1.2-8] the will is published when the client breaks the protocol', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({ will: { topic, payload: 'gone' } });
  client.send(mqtt5.subscribe(1, []));
  await client.expectDisconnect(0x82);
  await watcher.expect('publish', { topic, payload: 'gone' });
});

test('[MQTT-3.1.2-8] the will is published after a DISCONNECT with another reason than 0x00', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  for (const reason of [0x04, 0x80, 0x81]) {
    const client = await connect({ will: { topic, payload: `${reason}` } });
    await client.leave(reason);
    await watcher.expect('publish', { payload: `${reason}` });
  }
});

test('[MQTT-3.1.2-8] the will is published when another connection takes the session over', async () => {
  const topic = name('will');
  const clientId = name();
  const watcher = await watch(topic);
  const first = await connect({ clientId, will: { topic, payload: 'gone' } });
  await connect({ clientId });
  await first.expectDisconnect(0x8e);
  await watcher.expect('publish', { payload: 'gone' });
});

test('[MQTT-3.1.2-8] the will comes after its delay, not before', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({
    properties: [['sessionExpiryInterval', 600]],
    will: { topic, payload: 'gone', properties: [['willDelayInterval', 60]] },
  });
  await client.leave(0x04);
  fixture.server.skip(55_000);
  await watcher.expectSilence();
  fixture.server.skip(6000);
  await watcher.expect('publish', { payload: 'gone' });
});

test('[MQTT-3.1.2-8] the will comes with the end of the session, before its delay', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({
    properties: [['sessionExpiryInterval', 10]],
    will: { topic, payload: 'gone', properties: [['willDelayInterval', 600]] },
  });
  await client.leave(0x04);
  await watcher.expectSilence();
  fixture.server.skip(11_000);
  await watcher.expect('publish', { payload: 'gone' });
});

test('[MQTT-3.1.2-8] the will of a session without expiry comes at once, whatever its delay', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({
    will: { topic, payload: 'gone', properties: [['willDelayInterval', 600]] },
  });
  await client.drop();
  await watcher.expect('publish', { payload: 'gone' });
});

test('[MQTT-3.1.2-8] a delayed will comes when Clean Start ends its session', async () => {
  const topic = name('will');
  const clientId = name();
  const watcher = await watch(topic);
  const client = await connect({
    clientId,
    properties: [['sessionExpiryInterval', 600]],
    will: { topic, payload: 'gone', properties: [['willDelayInterval', 300]] },
  });
  await client.leave(0x04);
  await watcher.expectSilence();
  await connect({ clientId, cleanStart: true });
  await watcher.expect('publish', { payload: 'gone' });
});

test('[MQTT-3.1.2-10] the will is removed when it was published', async () => {
  const topic = name('will');
  const clientId = name();
  const watcher = await watch(topic);
  const session = {
    clientId,
    cleanStart: false,
    properties: [['sessionExpiryInterval', 600]] as const,
  };
  const first = await connect({ ...session, will: { topic, payload: 'gone' } });
  await first.leave(0x04);
  await watcher.expect('publish', { payload: 'gone' });
  const second = await connect(session);
  await second.leave(0x04);
  await watcher.expectSilence();
});

test('[MQTT-3.1.2-10] the will is removed by DISCONNECT with 0x00', async () => {
  const topic = name('will');
  const clientId = name();
  const watcher = await watch(topic);
  const session = {
    clientId,
    cleanStart: false,
    properties: [['sessionExpiryInterval', 10]] as const,
  };
  const first = await connect({ ...session, will: { topic, payload: 'gone' } });
  await first.leave(0);
  const second = await connect(session);
  await second.leave(0x04);
  fixture.server.skip(20_000);
  await watcher.expectSilence();
});

test('[MQTT-3.1.2-12] wills of QoS 0, 1 and 2 are published at their QoS', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  for (const qos of [0, 1, 2]) {
    const client = await connect({ will: { topic, payload: `${qos}`, qos } });
    await client.drop();
    await watcher.expect('publish', { payload: `${qos}`, qos });
  }
});

test('[MQTT-3.1.2-14] a will without Will Retain is not retained', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({ will: { topic, payload: 'gone', qos: 1 } });
  await client.drop();
  await watcher.expect('publish', { payload: 'gone', retain: false });
  const late = await watch(topic);
  await late.expectSilence();
});

test('[MQTT-3.1.2-15] a will with Will Retain is retained', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({ will: { topic, payload: 'gone', qos: 1, retain: true } });
  await client.drop();
  await watcher.expect('publish', { payload: 'gone' });
  const late = await watch(topic);
  await late.expect('publish', { payload: 'gone', retain: true });
});

test('[MQTT-3.1.3-9] a delayed will is not sent when its client is back in time', async () => {
  const topic = name('will');
  const clientId = name();
  const watcher = await watch(topic);
  const session = {
    clientId,
    cleanStart: false,
    properties: [['sessionExpiryInterval', 600]] as const,
  };
  const first = await connect({
    ...session,
    will: { topic, payload: 'gone', properties: [['willDelayInterval', 60]] },
  });
  await first.leave(0x04);
  fixture.server.skip(50_000);
  const second = await connect(session);
  fixture.server.skip(60_000);
  await watcher.expectSilence();
  await second.leave(0);
  fixture.server.skip(120_000);
  await watcher.expectSilence();
});

test('[MQTT-3.1.3-9] a taken-over connection with a delayed will does not have it sent', async () => {
  const topic = name('will');
  const clientId = name();
  const watcher = await watch(topic);
  const session = {
    clientId,
    cleanStart: false,
    properties: [['sessionExpiryInterval', 600]] as const,
  };
  const first = await connect({
    ...session,
    will: { topic, payload: 'gone', properties: [['willDelayInterval', 60]] },
  });
  await connect(session);
  await first.expectDisconnect(0x8e);
  fixture.server.skip(120_000);
  await watcher.expectSilence();
});

test('[MQTT-3.1.3-10] user properties of the will are published in their order', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({
    will: {
      topic,
      payload: 'gone',
      properties: [
        ['userProperty', ['b', '1']],
        ['contentType', 'text/plain'],
        ['userProperty', ['a', '2']],
        ['userProperty', ['b', '3']],
        ['payloadFormatIndicator', 1],
        ['responseTopic', 'answer'],
        ['correlationData', Buffer.of(1, 2)],
      ],
    },
  });
  await client.drop();
  const received = await watcher.expect('publish', { payload: 'gone' });
  expect(valuesOf(received, 'userProperty')).toEqual([
    ['b', '1'],
    ['a', '2'],
    ['b', '3'],
  ]);
  expect(singleOf(received, 'contentType')).toBe('text/plain');
  expect(singleOf(received, 'payloadFormatIndicator')).toBe(1);
  expect(singleOf(received, 'responseTopic')).toBe('answer');
  expect(singleOf(received, 'correlationData')).toEqual(Buffer.of(1, 2));
  expect(valuesOf(received, 'willDelayInterval')).toEqual([]);
});

test.each([
  ['ill-formed UTF-8', Buffer.of(0x61, 0xff)],
  ['U+0000', Buffer.of(0x61, 0x00)],
])('[MQTT-3.1.3-11] a will topic with %s closes the connection', async (_, topic) => {
  const client = await open();
  client.send(mqtt5.connect({ will: { topic } }));
  await client.expectTurnedAway(0x81);
});

test.each(['a/#', '+', ''])(
  '[MQTT-4.7.0-1] the will topic "%s" closes the connection',
  async (topic) => {
    const client = await open();
    client.send(mqtt5.connect({ will: { topic } }));
    await client.expectTurnedAway(0x81, 0x82, 0x90);
  },
);

test('[MQTT-3.3.2-6] the expiry of a will counts from its publication', async () => {
  const topic = name('will');
  const watcher = await watch(topic);
  const client = await connect({
    properties: [['sessionExpiryInterval', 600]],
    will: {
      topic,
      payload: 'gone',
      properties: [
        ['willDelayInterval', 60],
        ['messageExpiryInterval', 30],
      ],
    },
  });
  await client.leave(0x04);
  fixture.server.skip(61_000);
  const received = await watcher.expect('publish', { payload: 'gone' });
  expect(singleOf(received, 'messageExpiryInterval')).toBeGreaterThanOrEqual(28);
  expect(singleOf(received, 'messageExpiryInterval')).toBeLessThanOrEqual(30);
});

test('[MQTT-3.3.1-6] an empty retained will removes the retained message of its topic', async () => {
  const topic = name('will');
  const sender = await connect();
  await sender.deliver({ topic, payload: 'kept', retain: true });
  const watcher = await watch(topic);
  await watcher.expect('publish', { payload: 'kept' });
  const client = await connect({ will: { topic, payload: '', retain: true } });
  await client.drop();
  await watcher.expect('publish', { payload: '' });
  const late = await watch(topic);
  await late.expectSilence();
});

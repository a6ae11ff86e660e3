import { expect, test } from 'vitest';
import { type RawMqtt, singleOf, valuesOf } from '../../support/raw-mqtt.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';
import type { Property } from '../../support/raw-mqtt-properties.js';

const fixture = useMqttServer({ anonymous: true, limits: { topicAliasMax: 10 } });
const { connect, name, open } = fixture;

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_NAME_INVALID = 0x90;
const TOPIC_ALIAS_INVALID = 0x94;

/** A client that subscribes to the topic. */
async function watch(topic: string): Promise<RawMqtt> {
  const receiver = await connect();
  await receiver.subscribe(topic);
  return receiver;
}

test('[MQTT-3.3.2-12] every topic alias up to the announced maximum is taken', async () => {
  const topic = name('t');
  const receiver = await watch(`${topic}/+`);
  const sender = await open();
  const connack = await sender.login({ clientId: name() });
  const maximum = Number(singleOf(connack, 'topicAliasMaximum'));
  expect(maximum).toBe(10);
  for (let alias = 1; alias <= maximum; alias++) {
    sender.publish({ topic: `${topic}/${alias}`, properties: [['topicAlias', alias]] });
  }
  for (let alias = 1; alias <= maximum; alias++) {
    sender.publish({ topic: '', payload: 'alias', properties: [['topicAlias', alias]] });
  }
  const received = await receiver.take(2 * maximum);
  const topics = Array.from({ length: maximum }, (_, index) => `${topic}/${index + 1}`);
  expect(received.map((message) => message.topic)).toEqual([...topics, ...topics]);
});

test('[MQTT-3.3.2-12] a topic alias can be given another topic', async () => {
  const topic = name('t');
  const receiver = await watch(`${topic}/+`);
  const sender = await connect();
  for (const level of ['one', 'two']) {
    sender.publish({ topic: `${topic}/${level}`, properties: [['topicAlias', 1]] });
    sender.publish({ topic: '', properties: [['topicAlias', 1]] });
  }
  const topics = (await receiver.take(4)).map((message) => message.topic);
  expect(topics).toEqual([`${topic}/one`, `${topic}/one`, `${topic}/two`, `${topic}/two`]);
});

test('[MQTT-3.3.2-12] the alias of the sender is not passed on', async () => {
  const topic = name('t');
  const receiver = await watch(topic);
  const sender = await connect();
  sender.publish({ topic, properties: [['topicAlias', 1]] });
  expect(valuesOf(await receiver.expect('publish', { topic }), 'topicAlias')).toEqual([]);
});

test('[MQTT-3.3.2-7] topic aliases do not outlive their connection', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await connect(session);
  first.publish({ topic, properties: [['topicAlias', 1]] });
  await first.expectSilence();
  await first.drop();
  const second = await connect(session);
  second.publish({ topic: '', properties: [['topicAlias', 1]] });
  await second.expectDisconnect(PROTOCOL_ERROR, TOPIC_ALIAS_INVALID);
});

test('[MQTT-3.3.2-7] the server states its aliases anew on each connection', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [
      ['sessionExpiryInterval', 60],
      ['topicAliasMaximum', 5],
    ] as const,
  };
  const sender = await connect();
  for (let round = 0; round < 2; round++) {
    const receiver = await connect(session);
    await receiver.subscribe(topic, 0);
    sender.publish({ topic });
    await receiver.expect('publish', { topic });
    await receiver.drop();
  }
});

test('[MQTT-3.3.2-8] topic alias 0 closes the connection', async () => {
  const client = await connect();
  client.publish({ topic: 'a', properties: [['topicAlias', 0]] });
  await client.expectDisconnect(TOPIC_ALIAS_INVALID, PROTOCOL_ERROR);
});

test.each([11, 65_535])(
  '[MQTT-3.3.2-9] topic alias %d above the maximum is refused',
  async (alias) => {
    const client = await connect();
    client.publish({ topic: 'a', properties: [['topicAlias', alias]] });
    await client.expectDisconnect(TOPIC_ALIAS_INVALID);
  },
);

test('[MQTT-4.7.3-1] an empty topic name without an alias is an error', async () => {
  const client = await connect();
  client.publish({ topic: '' });
  await client.expectDisconnect(PROTOCOL_ERROR, MALFORMED, TOPIC_NAME_INVALID);
});

test('[MQTT-3.1.2-26] [MQTT-3.3.2-11] [MQTT-3.3.2-8] aliases of the server keep to the maximum of the client', async () => {
  const topic = name('t');
  const receiver = await connect({ properties: [['topicAliasMaximum', 3]] });
  await receiver.subscribe(`${topic}/+`);
  const sender = await connect();
  const known = new Map<number, string>();
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 10; index++) sender.publish({ topic: `${topic}/${index}` });
    for (let index = 0; index < 10; index++) {
      const message = await receiver.expect('publish');
      const alias = singleOf(message, 'topicAlias') as number | undefined;
      if (alias !== undefined) {
        expect(alias).toBeGreaterThan(0);
        expect(alias).toBeLessThanOrEqual(3);
        if (message.topic !== '') known.set(alias, message.topic ?? '');
      }
      const meant = message.topic === '' ? known.get(alias ?? 0) : message.topic;
      expect(meant).toBe(`${topic}/${index}`);
    }
  }
});

test.each<readonly [string, readonly Property[]]>([
  ['absent', []],
  ['0', [['topicAliasMaximum', 0]]],
])('[MQTT-3.1.2-27] no alias is sent when Topic Alias Maximum is %s', async (_, entries) => {
  const topic = name('t');
  const receiver = await connect({ properties: entries });
  await receiver.subscribe(topic);
  const sender = await connect();
  for (let count = 0; count < 5; count++) {
    sender.publish({ topic });
    const message = await receiver.expect('publish', { topic });
    expect(valuesOf(message, 'topicAlias')).toEqual([]);
  }
});

import { expect, test } from 'vitest';
import { singleOf, valuesOf } from '../../support/raw-mqtt.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';
import type { Property } from '../../support/raw-mqtt-properties.js';

const fixture = useMqttServer();
const { connect, name } = fixture;

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_NAME_INVALID = 0x90;

/** What a subscriber receives of a message with these properties. */
async function carried(entries: readonly Property[], level: 4 | 5 = 5) {
  const topic = name('t');
  const receiver = await connect({}, level);
  await receiver.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'text', properties: entries });
  return receiver.expect('publish', { topic, payload: 'text' });
}

test.each([0, 1])('[MQTT-3.3.2-4] Payload Format Indicator %d is passed on', async (value) => {
  const received = await carried([['payloadFormatIndicator', value]]);
  expect(singleOf(received, 'payloadFormatIndicator')).toBe(value);
});

test('[MQTT-3.3.2-4] an absent Payload Format Indicator is not invented', async () => {
  expect((await carried([])).properties).toEqual([]);
});

test('[MQTT-3.3.2-5] an expired message is not delivered', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 900]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'short', properties: [['messageExpiryInterval', 10]] });
  await sender.deliver({ topic, payload: 'long', properties: [['messageExpiryInterval', 600]] });
  fixture.server.skip(11_000);
  const second = await connect(session);
  await second.expect('publish', { payload: 'long' });
  await second.expectSilence();
});

test('[MQTT-3.3.2-5] a message that expires at once is delivered to nobody who is away', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 900]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, properties: [['messageExpiryInterval', 0]] });
  fixture.server.skip(1);
  const second = await connect(session);
  await second.expectSilence();
});

test('[MQTT-3.3.2-6] Message Expiry Interval is less by the seconds that the message waited', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 900]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, properties: [['messageExpiryInterval', 600]] });
  fixture.server.skip(100_000);
  const second = await connect(session);
  const rest = Number(singleOf(await second.expect('publish'), 'messageExpiryInterval'));
  expect(rest).toBeGreaterThanOrEqual(495);
  expect(rest).toBeLessThanOrEqual(500);
});

test('[MQTT-3.3.2-6] a message that did not wait keeps its Message Expiry Interval', async () => {
  const received = await carried([['messageExpiryInterval', 4_294_967_295]]);
  expect(singleOf(received, 'messageExpiryInterval')).toBeGreaterThanOrEqual(4_294_967_290);
});

test('[MQTT-3.3.2-13] a response topic that is not UTF-8 is malformed', async () => {
  const client = await connect();
  client.publish({ topic: 'a', properties: [['responseTopic', Buffer.of(0xff)]] });
  await client.expectDisconnect(MALFORMED);
});

test.each(['a/+', '#', 'a/#'])(
  '[MQTT-3.3.2-14] the response topic "%s" is an error',
  async (topic) => {
    const client = await connect();
    client.publish({ topic: 'a', properties: [['responseTopic', topic]] });
    await client.expectDisconnect(PROTOCOL_ERROR, MALFORMED, TOPIC_NAME_INVALID);
  },
);

test('[MQTT-3.3.2-15] the response topic is passed on', async () => {
  const received = await carried([['responseTopic', 'reply/to/\u00e4']]);
  expect(singleOf(received, 'responseTopic')).toBe('reply/to/\u00e4');
});

test('[MQTT-3.3.2-16] correlation data are passed on', async () => {
  for (const data of [Buffer.alloc(0), Buffer.of(0, 255, 128, 10), Buffer.alloc(3000, 7)]) {
    const received = await carried([['correlationData', data]]);
    expect(singleOf(received, 'correlationData')).toEqual(data);
  }
});

test('[MQTT-3.3.2-17] [MQTT-3.3.2-18] user properties are passed on in their order', async () => {
  const pairs: Property[] = [
    ['userProperty', ['z', '1']],
    ['userProperty', ['a', '2']],
    ['userProperty', ['z', '3']],
    ['userProperty', ['', '']],
    ['userProperty', ['z', '1']],
    ['userProperty', ['__proto__', '\u{1f600}']],
  ];
  const received = await carried(pairs);
  expect(received.properties).toEqual(pairs);
});

test('[MQTT-3.3.2-18] other properties between them do not disturb the order', async () => {
  const received = await carried([
    ['userProperty', ['b', '1']],
    ['contentType', 'x'],
    ['userProperty', ['a', '2']],
  ]);
  expect(valuesOf(received, 'userProperty')).toEqual([
    ['b', '1'],
    ['a', '2'],
  ]);
});

test('[MQTT-3.3.2-19] a content type that is not UTF-8 is malformed', async () => {
  const client = await connect();
  client.publish({ topic: 'a', properties: [['contentType', Buffer.of(0xc0, 0x80)]] });
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-3.3.2-20] the content type is passed on', async () => {
  const received = await carried([['contentType', 'text/plain; charset="utf-8"']]);
  expect(singleOf(received, 'contentType')).toBe('text/plain; charset="utf-8"');
});

test('[MQTT-3.3.2-17] a message loses its properties only for MQTT 3.1.1', async () => {
  const received = await carried(
    [
      ['contentType', 'x'],
      ['userProperty', ['a', 'b']],
    ],
    4,
  );
  expect(received.payload).toBe('text');
});

test('[MQTT-3.3.2-17] properties survive a restart of the server', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 900]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  const sent: Property[] = [
    ['payloadFormatIndicator', 1],
    ['contentType', 'text/plain'],
    ['responseTopic', 'reply/to'],
    ['correlationData', Buffer.of(9, 8)],
    ['userProperty', ['b', '1']],
    ['userProperty', ['a', '2']],
  ];
  await sender.deliver({ topic, payload: 'kept', properties: sent });
  await fixture.server.restart();
  const second = await connect(session);
  const received = await second.expect('publish', { payload: 'kept' });
  for (const [key] of sent) {
    const values = sent.filter(([property]) => property === key).map(([, value]) => value);
    expect(valuesOf(received, key)).toEqual(values);
  }
});

import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { hex, one, packet } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({
  users: [{ name: 'ann', password: 'secret of ann' }],
  anonymous: true,
  limits: { receiveMaximum: 5, topicAliasMax: 5 },
});
const { connect, name, open } = fixture;

const MALFORMED = 0x81;
/** Section 3.14.2.1: the reasons that a server may send. */
const SERVER_REASONS = [
  0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96,
  0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
];

/** Ways to have the server close the connection. */
const OFFENCES: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['a broken packet', packet(0x82)],
  ['a second CONNECT', mqtt5.connect()],
  ['a wildcard in a topic name', mqtt5.publish({ topic: '#' })],
  ['an unknown topic alias', mqtt5.publish({ topic: '', properties: [['topicAlias', 4]] })],
  [
    'a topic alias that is too large',
    mqtt5.publish({ topic: 'a', properties: [['topicAlias', 6]] }),
  ],
  ['a packet that is too large', hex('30 ff ff ff 7f')],
  ['AUTH without authentication', mqtt5.auth(0x19, [['authenticationMethod', 'SCRAM-SHA-256']])],
  ['SUBSCRIBE without a filter', mqtt5.subscribe(1, [])],
  ['No Local on a shared subscription', mqtt5.subscribe(1, [['$share/g/a', 4]])],
];

test('[MQTT-3.14.0-1] no DISCONNECT comes instead of CONNACK', async () => {
  const client = await open();
  client.send(PINGREQ);
  await client.expectClosed();
});

test('[MQTT-3.14.0-1] no DISCONNECT comes after a CONNACK that refuses', async () => {
  const client = await open();
  client.send(mqtt5.connect({ username: 'ann', password: 'wrong' }));
  await client.expectRefused(0x86);
});

test.each([1, 2, 4, 8])('[MQTT-3.14.1-1] DISCONNECT with flags %d is malformed', async (flags) => {
  const client = await connect();
  client.send(packet(0xe0 | flags, one(0), one(0)));
  await client.expectDisconnect(MALFORMED);
});

test.each(OFFENCES)(
  '[MQTT-3.14.2-1] the server closes for %s with a reason of its table',
  async (_, bytes) => {
    const client = await connect();
    client.send(bytes);
    const disconnect = await client.expect('disconnect');
    expect(SERVER_REASONS).toContain(disconnect.reason);
    expect(disconnect.reason).toBeGreaterThanOrEqual(0x80);
  },
);

test.each(OFFENCES)(
  '[MQTT-3.14.2-2] the DISCONNECT for %s has no session expiry',
  async (_, bytes) => {
    const client = await connect({ properties: [['sessionExpiryInterval', 60]] });
    client.send(bytes);
    const disconnect = await client.expect('disconnect');
    expect(valuesOf(disconnect, 'sessionExpiryInterval')).toEqual([]);
  },
);

test.each(OFFENCES)(
  '[MQTT-3.14.2-3] [MQTT-3.14.2-4] the DISCONNECT for %s fits into Maximum Packet Size',
  async (_, bytes) => {
    const client = await connect({ properties: [['maximumPacketSize', 24]] });
    client.send(bytes);
    const disconnect = await client.expect('disconnect');
    expect(disconnect.bytes.length).toBeLessThanOrEqual(24);
  },
);

test.each(OFFENCES)(
  '[MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT-4.13.2-1] after the DISCONNECT for %s nothing comes but the end',
  async (_, bytes) => {
    const client = await connect();
    client.send(bytes, PINGREQ, mqtt5.subscribe(9, [['a', 0]]), PINGREQ);
    await client.expect('disconnect');
    await client.expectClosed();
  },
);

test('[MQTT-3.14.4-1] nothing is delivered after a DISCONNECT of the server', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic);
  const sender = await connect();
  client.send(packet(0x82));
  for (let count = 0; count < 100; count++) sender.publish({ topic });
  let answer = await client.next();
  while (answer.type === 'publish') answer = await client.next();
  expect(answer.type).toBe('disconnect');
  await client.expectClosed();
});

test('[MQTT-3.14.4-2] the server closes when the client says DISCONNECT', async () => {
  for (const bytes of [mqtt5.disconnect(), mqtt5.disconnect(0), mqtt5.disconnect(0x04, [])]) {
    const client = await connect();
    client.send(bytes);
    await client.expectClosed();
  }
});

test('[MQTT-3.14.4-1] what a client sends after its DISCONNECT is not processed', async () => {
  const topic = name('t');
  const watcher = await connect();
  await watcher.subscribe(topic);
  const client = await connect();
  client.send(mqtt5.disconnect(), mqtt5.publish({ topic }), PINGREQ);
  await client.expectClosed();
  await watcher.expectSilence();
});

test('[MQTT-3.14.4-3] DISCONNECT with 0x00 discards the will', async () => {
  const topic = name('will');
  const watcher = await connect();
  await watcher.subscribe(topic);
  const client = await connect({ will: { topic, payload: 'gone' } });
  await client.leave(0);
  const silent = await connect({ will: { topic, payload: 'gone' } });
  await silent.leave();
  await watcher.expectSilence();
});

test('[MQTT-3.14.4-3] DISCONNECT with 0x04 has the will published', async () => {
  const topic = name('will');
  const watcher = await connect();
  await watcher.subscribe(topic);
  const client = await connect({ will: { topic, payload: 'gone' } });
  await client.leave(0x04);
  await watcher.expect('publish', { payload: 'gone' });
});

test('[MQTT-3.14.2-1] the stop of the server is told by 0x8B', async () => {
  const client = await connect();
  await fixture.server.restart();
  await client.expectDisconnect(0x8b);
});

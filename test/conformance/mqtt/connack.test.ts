import { expect, test } from 'vitest';
import { singleOf, valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({
  users: [{ name: 'ann', password: 'secret of ann' }],
  anonymous: true,
  limits: { keepAliveSecondsMax: 600, receiveMaximum: 20, topicAliasMax: 10 },
});
const { connect, name, open } = fixture;

/** Table 3-1 of the specification. */
const CONNECT_REASONS = new Set([
  0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97,
  0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
]);

test('[MQTT-3.2.0-1] CONNACK comes before the messages that wait for the session', async () => {
  const clientId = name();
  const topic = name('t');
  const session = {
    clientId,
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'waited' });
  const second = await open();
  second.send(mqtt5.connect(session));
  await second.expect('connack', { reason: 0, acknowledgeFlags: 1 });
  await second.expect('publish', { payload: 'waited' });
});

test('[MQTT-3.2.0-1] CONNACK comes before the answers to packets sent with CONNECT', async () => {
  const client = await open();
  client.send(mqtt5.connect({ clientId: name() }), PINGREQ);
  await client.expect('connack', { reason: 0 });
  await client.expect('pingresp');
});

test('[MQTT-3.2.0-2] a second CONNECT does not get a second CONNACK', async () => {
  const client = await connect();
  client.send(mqtt5.connect({ clientId: name() }));
  await client.expectDisconnect(0x82);
});

test('[MQTT-3.2.2-1] the reserved acknowledge flags are 0', async () => {
  const clientId = name();
  const session = {
    clientId,
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await open();
  expect((await first.login(session)).acknowledgeFlags).toBe(0);
  const second = await open();
  expect((await second.login(session)).acknowledgeFlags).toBe(1);
});

test('[MQTT-3.2.2-2] Session Present is 0 after Clean Start 1, whatever was there', async () => {
  const clientId = name();
  const first = await connect({ clientId, properties: [['sessionExpiryInterval', 60]] });
  await first.drop();
  const second = await open();
  const connack = await second.login({ clientId, cleanStart: true });
  expect(connack).toMatchObject({ acknowledgeFlags: 0, reason: 0 });
});

test('[MQTT-3.2.2-3] Session Present says whether there is state after Clean Start 0', async () => {
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await open();
  expect(await first.login(session)).toMatchObject({ acknowledgeFlags: 0, reason: 0 });
  await first.drop();
  const second = await open();
  expect(await second.login(session)).toMatchObject({ acknowledgeFlags: 1, reason: 0 });
});

test('[MQTT-3.2.2-6] Session Present is 0 in a refusal, even when there is a session', async () => {
  const clientId = name();
  const first = await connect({
    clientId,
    properties: [['sessionExpiryInterval', 60]],
  });
  await first.drop();
  const second = await open();
  second.send(mqtt5.connect({ clientId, cleanStart: false, username: 'ann', password: 'wrong' }));
  const connack = await second.expect('connack');
  expect(connack.reason).toBeGreaterThanOrEqual(0x80);
  expect(connack.acknowledgeFlags).toBe(0);
});

test('[MQTT-3.2.2-7] the connection is closed after a refusal', async () => {
  const client = await open();
  client.send(mqtt5.connect({ clientId: name(), username: 'ann', password: 'wrong' }), PINGREQ);
  await client.expectRefused(0x86);
});

test.each([
  ['a wrong password', mqtt5.connect({ username: 'ann', password: 'x' })],
  ['a broken packet', mqtt5.connect({ flags: 3 })],
  [
    'an unknown authentication method',
    mqtt5.connect({ properties: [['authenticationMethod', 'X']] }),
  ],
  ['an unknown version', mqtt5.connect({ level: 9 })],
  ['a broken property', mqtt5.connect({ properties: [['receiveMaximum', 0]] })],
  ['a will with a wildcard', mqtt5.connect({ will: { topic: 'a/#' } })],
])('[MQTT-3.2.2-8] the refusal of %s is a reason of the table', async (_, bytes) => {
  const client = await open();
  client.send(bytes);
  const packet = await client.nextOrClosed();
  if (packet === null) return;
  expect(packet.type).toBe('connack');
  expect(CONNECT_REASONS).toContain(packet.reason);
  expect(packet.reason).toBeGreaterThanOrEqual(0x80);
  await client.expectClosed();
});

test('[MQTT-3.2.2-9] a server that supports QoS 2 does not send Maximum QoS', async () => {
  const client = await open();
  const connack = await client.login({ clientId: name() });
  expect(valuesOf(connack, 'maximumQoS')).toEqual([]);
  client.publish({ topic: name('t'), qos: 2, id: 1 });
  await client.expect('pubrec', { id: 1 });
});

test('[MQTT-3.2.2-15] a packet longer than Maximum Packet Size closes the connection with 0x95', async () => {
  const client = await open();
  const connack = await client.login({ clientId: name() });
  const maximum = Number(singleOf(connack, 'maximumPacketSize'));
  expect(maximum).toBeGreaterThan(0);
  const remaining = maximum;
  // The header is enough: a server must not wait for, or keep, what it will not take.
  const header: number[] = [0x30];
  for (let rest = remaining; rest > 0; rest = Math.floor(rest / 128)) {
    header.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
  }
  client.send(Buffer.from(header));
  await client.expectDisconnect(0x95);
});

test('[MQTT-3.2.2-16] assigned client identifiers are new ones', async () => {
  const assigned = new Set<unknown>();
  for (let count = 0; count < 20; count++) {
    const client = await open();
    assigned.add(singleOf(await client.login({ clientId: '' }), 'assignedClientIdentifier'));
  }
  expect(assigned.size).toBe(20);
});

test('[MQTT-3.2.2-16] no identifier is assigned to a client that brings its own', async () => {
  const client = await open();
  const connack = await client.login({ clientId: name() });
  expect(valuesOf(connack, 'assignedClientIdentifier')).toEqual([]);
});

test('[MQTT-3.2.2-17] a topic alias above the announced maximum closes the connection', async () => {
  const client = await open();
  const maximum = Number(singleOf(await client.login({ clientId: name() }), 'topicAliasMaximum'));
  expect(maximum).toBe(10);
  client.publish({ topic: 'a', properties: [['topicAlias', maximum + 1]] });
  await client.expectDisconnect(0x94);
});

test('[MQTT-3.2.2-19] a refusal fits into Maximum Packet Size: no reason string', async () => {
  const client = await open();
  client.send(
    mqtt5.connect({
      clientId: name(),
      username: 'ann',
      password: 'wrong',
      properties: [['maximumPacketSize', 8]],
    }),
  );
  const connack = await client.expectRefused(0x86);
  expect(connack.bytes.length).toBeLessThanOrEqual(8);
  expect(valuesOf(connack, 'reasonString')).toEqual([]);
});

test('[MQTT-3.2.2-20] a refusal fits into Maximum Packet Size: no user property', async () => {
  const client = await open();
  client.send(
    mqtt5.connect({
      clientId: name(),
      properties: [
        ['maximumPacketSize', 8],
        ['authenticationMethod', 'UNKNOWN'],
      ],
    }),
  );
  const connack = await client.expectRefused(0x8c);
  expect(connack.bytes.length).toBeLessThanOrEqual(8);
  expect(valuesOf(connack, 'userProperty')).toEqual([]);
});

test('[MQTT-3.2.2-21] a keep-alive above the limit is answered by Server Keep Alive', async () => {
  const client = await open();
  const connack = await client.login({ clientId: name(), keepAlive: 900 });
  expect(singleOf(connack, 'serverKeepAlive')).toBe(600);
});

test('[MQTT-3.2.2-22] a keep-alive within the limit is not replaced', async () => {
  const client = await open();
  const connack = await client.login({ clientId: name(), keepAlive: 60 });
  expect(valuesOf(connack, 'serverKeepAlive')).toEqual([]);
});

test('[MQTT-3.1.2-28] no Response Information without a request', async () => {
  for (const properties of [[], [['requestResponseInformation', 0]] as const]) {
    const client = await open();
    const connack = await client.login({ clientId: name(), properties });
    expect(valuesOf(connack, 'responseInformation')).toEqual([]);
  }
});

test('[MQTT-2.2.2-1] CONNACK says nothing twice', async () => {
  const client = await open();
  const connack = await client.login({
    clientId: '',
    keepAlive: 900,
    properties: [
      ['requestResponseInformation', 1],
      ['sessionExpiryInterval', 30],
    ],
  });
  const names = connack.properties
    .map(([property]) => property)
    .filter((p) => p !== 'userProperty');
  expect(new Set(names).size).toBe(names.length);
});

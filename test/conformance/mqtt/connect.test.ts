import { expect, test } from 'vitest';
import { singleOf } from '../../support/raw-mqtt.js';
import { mqtt5, mqtt31, mqtt311, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { one, packet, prefixed, property, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const USER = { name: 'ann', password: 'secret of ann' };
const fixture = useMqttServer({ users: [USER], anonymous: true });
const { connect, name, open } = fixture;

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const UNSUPPORTED_VERSION = 0x84;
const BAD_CREDENTIALS = 0x86;

const CLEAN = 0x02;
const WILL = 0x04;

test.each([
  ['PUBLISH', mqtt5.publish({ topic: 'a' })],
  ['PUBACK', mqtt5.puback(1)],
  ['PUBREC', mqtt5.pubrec(1)],
  ['PUBREL', mqtt5.pubrel(1)],
  ['PUBCOMP', mqtt5.pubcomp(1)],
  ['SUBSCRIBE', mqtt5.subscribe(1, [['a', 0]])],
  ['UNSUBSCRIBE', mqtt5.unsubscribe(1, ['a'])],
  ['PINGREQ', PINGREQ],
  ['DISCONNECT', mqtt5.disconnect()],
  ['AUTH', mqtt5.auth(0x18, [['authenticationMethod', 'SCRAM-SHA-256']])],
])('[MQTT-3.1.0-1] %s as the first packet closes the connection', async (_, bytes) => {
  const client = await open();
  client.send(bytes);
  await client.expectClosed();
});

test('[MQTT-3.1.0-2] a second CONNECT is a protocol error and closes the connection', async () => {
  const clientId = name();
  const client = await connect({ clientId });
  client.send(mqtt5.connect({ clientId }));
  await client.expectDisconnect(PROTOCOL_ERROR);
});

test('[MQTT-3.1.0-2] a second CONNECT in the same segment as the first is refused too', async () => {
  const clientId = name();
  const client = await open();
  client.send(mqtt5.connect({ clientId }), mqtt5.connect({ clientId }));
  await client.expect('connack', { reason: 0 });
  await client.expectDisconnect(PROTOCOL_ERROR);
});

test.each(['MQTX', 'mqtt', 'MQTT ', '', 'MQIsdpX'])(
  '[MQTT-3.1.2-1] the protocol name "%s" closes the connection',
  async (protocolName) => {
    const client = await open();
    client.send(mqtt5.connect({ protocolName }));
    await client.expectTurnedAway(UNSUPPORTED_VERSION, MALFORMED);
  },
);

test.each([6, 7, 255])('[MQTT-3.1.2-2] protocol version %d is refused', async (level) => {
  const client = await open();
  client.send(mqtt5.connect({ level }));
  await client.expectTurnedAway(UNSUPPORTED_VERSION);
});

test.each([0, 1, 2])('[MQTT-3.1.2-2] protocol version %d is refused', async (level) => {
  const client = await open(4);
  client.send(mqtt311.connect({ level }));
  await client.expectTurnedAway(1);
});

test('[MQTT-3.1.2-3] CONNECT with the reserved flag set closes the connection', async () => {
  const client = await open();
  client.send(mqtt5.connect({ flags: CLEAN | 1 }));
  await client.expectTurnedAway(MALFORMED);
});

test.each([
  ['the will topic', []],
  ['the will payload', [prefixed('topic')]],
])('[MQTT-3.1.2-9] a will flag without %s closes the connection', async (_, fields) => {
  const client = await open();
  client.send(connectWith(CLEAN | WILL, one(0), ...fields));
  await client.expectTurnedAway(MALFORMED);
});

test.each([1, 2, 3])('[MQTT-3.1.2-11] will QoS %d without a will is malformed', async (qos) => {
  const client = await open();
  client.send(mqtt5.connect({ flags: CLEAN | (qos << 3) }));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.2-12] a will with QoS 3 is malformed', async () => {
  const client = await open();
  client.send(mqtt5.connect({ will: { topic: 'a', qos: 3 } }));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.2-13] will retain without a will is malformed', async () => {
  const client = await open();
  client.send(mqtt5.connect({ flags: CLEAN | 0x20 }));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.2-16] a user name without its flag is malformed', async () => {
  const client = await open();
  client.send(connectWith(CLEAN, prefixed('ann')));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.2-17] a user name flag without a user name is malformed', async () => {
  const client = await open();
  client.send(connectWith(CLEAN | 0x80));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.2-18] a password without its flag is malformed', async () => {
  const client = await open();
  client.send(connectWith(CLEAN | 0x80, prefixed('ann'), prefixed('secret of ann')));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.2-19] a password flag without a password is malformed', async () => {
  const client = await open();
  client.send(connectWith(CLEAN | 0xc0, prefixed('ann')));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.2-30] a packet other than AUTH before CONNACK closes the connection', async () => {
  const topic = name('t');
  const watcher = await connect();
  await watcher.subscribe(topic);
  const client = await open();
  client.send(
    mqtt5.connect({
      clientId: name(),
      properties: [
        ['authenticationMethod', 'SCRAM-SHA-256'],
        ['authenticationData', Buffer.from('n,,n=ann,r=abcdefghij')],
      ],
    }),
    mqtt5.publish({ topic, payload: 'too early' }),
  );
  // The server may have answered the first message of the exchange already.
  const first = await client.nextOrClosed();
  if (first?.type === 'auth') await client.expectTurnedAway(PROTOCOL_ERROR);
  else if (first !== null) {
    expect(first).toMatchObject({ type: 'connack', reason: PROTOCOL_ERROR });
    await client.expectClosed();
  }
  await watcher.expectSilence();
});

test('[MQTT-3.1.3-1] all fields in their order are understood', async () => {
  const topic = name('will');
  const watcher = await connect();
  await watcher.subscribe(topic, 1);
  const client = await connect({
    clientId: name(),
    will: { topic, payload: 'gone', qos: 1, properties: [['contentType', 'text/plain']] },
    username: USER.name,
    password: USER.password,
  });
  await client.drop();
  const received = await watcher.expect('publish', { topic, payload: 'gone', qos: 1 });
  expect(singleOf(received, 'contentType')).toBe('text/plain');
});

test('[MQTT-3.1.3-3] CONNECT without a client identifier closes the connection', async () => {
  const client = await open();
  client.send(packet(0x10, prefixed('MQTT'), one(5), one(CLEAN), two(0), one(0)));
  await client.expectTurnedAway(MALFORMED);
});

test.each([
  ['ill-formed UTF-8', Buffer.of(0x61, 0xff)],
  ['U+0000', Buffer.of(0x61, 0x00)],
])('[MQTT-3.1.3-4] a client identifier with %s closes the connection', async (_, clientId) => {
  const client = await open();
  client.send(mqtt5.connect({ clientId }));
  await client.expectTurnedAway(MALFORMED, 0x85);
});

test('[MQTT-3.1.3-4] a client identifier may hold any other character', async () => {
  const client = await connect({ clientId: `${name()}-\u00e4\u20ac\u{1f600}` });
  await client.expectSilence();
});

test.each([
  'a',
  'Z',
  '0',
  '0123456789abcdefghijklm',
  'nopqrstuvwxyzABCDEFGHIJ',
  'KLMNOPQRSTUVWXYZ',
])('[MQTT-3.1.3-5] the client identifier "%s" is accepted', async (clientId) => {
  const client = await connect({ clientId });
  await client.expectSilence();
});

test('[MQTT-3.1.3-6] [MQTT-3.1.3-7] a client without an identifier is given one', async () => {
  const client = await open();
  const connack = await client.login({ clientId: '' });
  expect(String(singleOf(connack, 'assignedClientIdentifier')).length).toBeGreaterThan(0);
});

test('[MQTT-3.1.3-7] the assigned identifier is the one of the session', async () => {
  const first = await open();
  const connack = await first.login({
    clientId: '',
    cleanStart: false,
    properties: [['sessionExpiryInterval', 100]],
  });
  const clientId = String(singleOf(connack, 'assignedClientIdentifier'));
  await first.drop();
  const second = await open();
  const again = await second.login({ clientId, cleanStart: false });
  expect(again.acknowledgeFlags).toBe(1);
});

test('[MQTT-3.1.3-7] an identifier is assigned with Clean Start 0 and no expiry as well', async () => {
  const client = await open();
  const connack = await client.login({ clientId: '', cleanStart: false });
  expect(singleOf(connack, 'assignedClientIdentifier')).toBeTruthy();
});

test.each([
  ['ill-formed UTF-8', Buffer.of(0x61, 0xff)],
  ['U+0000', Buffer.of(0x61, 0x00)],
])('[MQTT-3.1.3-12] a user name with %s closes the connection', async (_, username) => {
  const client = await open();
  client.send(mqtt5.connect({ username, password: 'x' }));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.4-1] CONNECT that ends early closes the connection', async () => {
  const whole = mqtt5.connect({ clientId: 'abc', username: 'ann', password: 'x' });
  for (let length = 2; length < whole.length; length += 3) {
    const client = await open();
    client.send(packet(0x10, whole.subarray(2, length)));
    await client.expectTurnedAway(MALFORMED, UNSUPPORTED_VERSION);
  }
});

test('[MQTT-3.1.4-1] CONNECT that goes on after its payload closes the connection', async () => {
  const client = await open();
  client.send(connectWith(CLEAN, Buffer.of(1, 2, 3)));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.4-1] CONNECT with flags in its first byte closes the connection', async () => {
  for (const flags of [1, 2, 4, 8]) {
    const client = await open();
    client.send(packet(0x10 | flags, mqtt5.connect({ clientId: name() }).subarray(2)));
    await client.expectTurnedAway(MALFORMED);
  }
});

test('[MQTT-3.1.4-2] a wrong password closes the connection', async () => {
  const client = await open();
  client.send(mqtt5.connect({ clientId: name(), username: 'ann', password: 'wrong' }));
  await client.expectRefused(BAD_CREDENTIALS);
});

test('[MQTT-3.1.4-2] an unknown user closes the connection', async () => {
  const client = await open();
  client.send(mqtt5.connect({ clientId: name(), username: 'bob', password: 'x' }));
  await client.expectRefused(BAD_CREDENTIALS);
});

test('[MQTT-3.1.4-3] the client that holds the identifier is told 0x8E and closed', async () => {
  const clientId = name();
  const first = await connect({ clientId });
  const second = await connect({ clientId });
  await first.expectDisconnect(0x8e);
  await second.expectSilence();
});

test('[MQTT-3.1.4-3] an MQTT 3.1.1 client is taken over without a packet', async () => {
  const clientId = name();
  const first = await connect({ clientId }, 4);
  const second = await connect({ clientId });
  await first.expectClosed();
  await second.expectSilence();
});

test('[MQTT-3.1.4-5] an accepted CONNECT is answered by CONNACK with 0x00', async () => {
  const client = await open();
  client.send(mqtt5.connect({ clientId: name() }));
  const connack = await client.expect('connack', { reason: 0, acknowledgeFlags: 0, flags: 0 });
  expect(connack.bytes[0]).toBe(0x20);
});

test('[MQTT-3.1.4-5] CONNECT in single bytes is accepted', async () => {
  const client = await open();
  for (const byte of mqtt5.connect({ clientId: name() })) client.send(Buffer.of(byte));
  await client.expect('connack', { reason: 0 });
});

test('[MQTT-3.1.4-6] what follows a refused CONNECT is not processed', async () => {
  const topic = name('t');
  const watcher = await connect();
  await watcher.subscribe(topic, 1);
  const client = await open();
  client.send(
    mqtt5.connect({ clientId: name(), username: 'ann', password: 'wrong' }),
    mqtt5.publish({ topic, payload: 'unseen' }),
    mqtt5.publish({ topic, payload: 'unseen', qos: 1, id: 1 }),
    PINGREQ,
  );
  await client.expectRefused(BAD_CREDENTIALS);
  await watcher.expectSilence();
});

test('[MQTT-3.1.4-5] what follows CONNECT in one segment is processed after CONNACK', async () => {
  const topic = name('t');
  const client = await open();
  client.send(
    mqtt5.connect({ clientId: name(), username: USER.name, password: USER.password }),
    mqtt5.subscribe(1, [[topic, 0]]),
    mqtt5.publish({ topic, payload: 'x' }),
    PINGREQ,
  );
  await client.expect('connack', { reason: 0 });
  const types = (await client.take(3)).map(({ type }) => type);
  expect(types.sort()).toEqual(['pingresp', 'publish', 'suback']);
});

test('[MQTT-3.1.2-2] MQTT 3.1 and 3.1.1 are spoken on the same port', async () => {
  for (const builder of [mqtt31, mqtt311]) {
    const client = await open(builder.level);
    client.send(builder.connect({ clientId: name() }));
    const connack = await client.expect('connack');
    expect(connack.bytes.toString('hex')).toBe('20020000');
  }
});

/** CONNECT with a client identifier, and then whatever the test wants to be there. */
function connectWith(flags: number, ...fields: readonly Buffer[]): Buffer {
  const head = [prefixed('MQTT'), one(5), one(flags), two(0), one(0), prefixed(name())];
  return packet(0x10, ...head, ...fields);
}

test('[MQTT-3.1.4-1] CONNECT whose properties overrun it closes the connection', async () => {
  const expiry = property(['sessionExpiryInterval', 1]);
  const client = await open();
  client.send(packet(0x10, prefixed('MQTT'), one(5), one(CLEAN), two(0), one(99), expiry));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.1.3-5] [MQTT-4.13.2-1] a client identifier of 65,535 bytes is accepted, or refused', async () => {
  const client = await open();
  client.send(mqtt5.connect({ clientId: 'x'.repeat(65_535) }));
  const packet = await client.nextOrClosed();
  if (packet?.reason === 0) return client.expectSilence();
  if (packet !== null) expect([0x85, 0x95, 0x97]).toContain(packet.reason);
  return client.expectClosed();
});

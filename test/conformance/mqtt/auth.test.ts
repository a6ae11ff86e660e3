import { expect, test } from 'vitest';
import { type RawMqtt, singleOf, valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { packet } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';
import { MqttScramClient } from '../../support/raw-mqtt-scram.js';

const fixture = useMqttServer({
  users: [
    { name: 'ann', password: 'secret of ann' },
    { name: 'bob', password: 'secret of bob' },
  ],
});
const { name, open } = fixture;

const CONTINUE = 0x18;
const RE_AUTHENTICATE = 0x19;
const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const METHOD = 'SCRAM-SHA-256';
/** Section 3.15.2.1. */
const AUTH_REASONS = [0x00, 0x18, 0x19];

interface Begun {
  readonly client: RawMqtt;
  readonly scram: MqttScramClient;
  /** Data of the server's first AUTH. */
  readonly challenge: Buffer;
}

/** CONNECT with a method, and the server's first AUTH. */
async function begin(user = 'ann', password = 'secret of ann'): Promise<Begun> {
  const client = await open();
  const scram = new MqttScramClient(user, password);
  client.send(mqtt5.connect({ clientId: name(), properties: scram.first() }));
  const auth = await client.expect('auth', { flags: 0, reason: CONTINUE });
  return { client, scram, challenge: singleOf(auth, 'authenticationData') as Buffer };
}

async function loggedIn(): Promise<RawMqtt> {
  const { client, scram, challenge } = await begin();
  client.send(mqtt5.auth(CONTINUE, scram.final(challenge)));
  await client.expect('connack', { reason: 0 });
  return client;
}

/** Logs in with a password, for connections without a method. */
async function plain(): Promise<RawMqtt> {
  const client = await open();
  await client.login({ clientId: name(), username: 'ann', password: 'secret of ann' });
  return client;
}

test('[MQTT-4.12.0-1] an unknown method is refused and the connection closed', async () => {
  const client = await open();
  client.send(
    mqtt5.connect({ clientId: name(), properties: [['authenticationMethod', 'GS2-KRB5']] }),
  );
  const packet = await client.nextOrClosed();
  if (packet === null) return;
  expect(packet).toMatchObject({ type: 'connack', acknowledgeFlags: 0 });
  expect([0x8c, 0x87]).toContain(packet.reason);
  await client.expectClosed();
});

test('[MQTT-4.12.0-2] [MQTT-3.15.2-1] the server goes on with AUTH 0x18', async () => {
  const { challenge } = await begin();
  expect(challenge.toString()).toMatch(/^r=.+,s=.+,i=\d+$/);
});

test('[MQTT-4.12.0-3] a client that goes on with 0x18 is let in', async () => {
  const client = await loggedIn();
  await client.expectSilence();
});

test.each([0x00, RE_AUTHENTICATE, 0x80])(
  '[MQTT-4.12.0-3] AUTH with %d before CONNACK closes the connection',
  async (reason) => {
    const { client, scram, challenge } = await begin();
    client.send(mqtt5.auth(reason, scram.final(challenge)));
    await client.expectTurnedAway(PROTOCOL_ERROR, MALFORMED);
  },
);

test.each([
  ['a wrong password', 'ann', 'wrong'],
  ['an unknown user', 'carl', 'x'],
])('[MQTT-4.12.0-4] %s ends the exchange and the connection', async (_, user, password) => {
  const { client, scram, challenge } = await begin(user, password);
  client.send(mqtt5.auth(CONTINUE, scram.final(challenge)));
  await client.expectTurnedAway(0x86, 0x87);
});

test('[MQTT-4.12.0-4] a first message that is no SCRAM closes the connection', async () => {
  const client = await open();
  client.send(
    mqtt5.connect({
      clientId: name(),
      properties: [
        ['authenticationMethod', METHOD],
        ['authenticationData', Buffer.from('nonsense')],
      ],
    }),
  );
  await client.expectTurnedAway(0x86, 0x87);
});

test('[MQTT-4.12.0-4] a proof for another exchange closes the connection', async () => {
  const first = await begin();
  const second = await begin();
  first.client.send(mqtt5.auth(CONTINUE, second.scram.final(second.challenge)));
  await first.client.expectTurnedAway(0x86, 0x87);
});

test('[MQTT-4.12.0-5] AUTH and CONNACK name the method of CONNECT', async () => {
  const client = await open();
  const scram = new MqttScramClient('ann', 'secret of ann');
  client.send(mqtt5.connect({ clientId: name(), properties: scram.first() }));
  const auth = await client.expect('auth');
  expect(singleOf(auth, 'authenticationMethod')).toBe(METHOD);
  const challenge = singleOf(auth, 'authenticationData') as Buffer;
  client.send(mqtt5.auth(CONTINUE, scram.final(challenge)));
  const connack = await client.expect('connack', { reason: 0 });
  expect(singleOf(connack, 'authenticationMethod')).toBe(METHOD);
  expect(String(singleOf(connack, 'authenticationData'))).toBe(scram.serverFinal);
});

test('[MQTT-4.12.0-5] AUTH of a client without the method is refused', async () => {
  const { client, scram, challenge } = await begin();
  const data = scram.final(challenge).filter(([key]) => key !== 'authenticationMethod');
  client.send(mqtt5.auth(CONTINUE, data));
  await client.expectTurnedAway(PROTOCOL_ERROR, MALFORMED);
});

test('[MQTT-4.12.0-6] without a method there is none in CONNACK, and no AUTH', async () => {
  const client = await open();
  const connack = await client.login({
    clientId: name(),
    username: 'ann',
    password: 'secret of ann',
  });
  expect(valuesOf(connack, 'authenticationMethod')).toEqual([]);
  expect(valuesOf(connack, 'authenticationData')).toEqual([]);
  await client.expectSilence();
});

test('[MQTT-4.12.0-6] nor in a refusal', async () => {
  const client = await open();
  client.send(mqtt5.connect({ clientId: name(), username: 'ann', password: 'wrong' }));
  const connack = await client.expect('connack');
  expect(valuesOf(connack, 'authenticationMethod')).toEqual([]);
});

test.each([CONTINUE, RE_AUTHENTICATE])(
  '[MQTT-4.12.0-7] AUTH with %d of a client without a method closes the connection',
  async (reason) => {
    const client = await plain();
    client.send(mqtt5.auth(reason, new MqttScramClient('ann', 'secret of ann').first()));
    await client.expectDisconnect(PROTOCOL_ERROR);
  },
);

test.each([1, 2, 4, 8, 15])(
  '[MQTT-3.15.1-1] AUTH with the flags %d is malformed',
  async (flags) => {
    const client = await loggedIn();
    const right = mqtt5.auth(RE_AUTHENTICATE, new MqttScramClient('ann', 'secret of ann').first());
    client.send(packet(0xf0 | flags, right.subarray(2)));
    await client.expectDisconnect(MALFORMED);
  },
);

test('[MQTT-3.15.1-1] AUTH with flags before CONNACK closes the connection', async () => {
  const { client, scram, challenge } = await begin();
  client.send(packet(0xf2, mqtt5.auth(CONTINUE, scram.final(challenge)).subarray(2)));
  await client.expectTurnedAway(MALFORMED);
});

test('[MQTT-3.15.2-1] AUTH with a reason that is not in its table closes the connection', async () => {
  const client = await loggedIn();
  client.send(mqtt5.auth(0x17, new MqttScramClient('ann', 'secret of ann').first()));
  await client.expectDisconnect(PROTOCOL_ERROR, MALFORMED);
});

test('[MQTT-3.15.2-2] [MQTT-3.15.2-3] AUTH says nothing that is not needed', async () => {
  const client = await open();
  const scram = new MqttScramClient('ann', 'secret of ann');
  const properties = [...scram.first(), ['maximumPacketSize', 250] as const];
  client.send(mqtt5.connect({ clientId: name(), properties }));
  const auth = await client.expect('auth');
  expect(auth.bytes.length).toBeLessThanOrEqual(250);
  expect(auth.properties.map(([key]) => key).sort()).toEqual([
    'authenticationData',
    'authenticationMethod',
  ]);
});

test('[MQTT-4.12.1-1] a client may authenticate again, and is served meanwhile', async () => {
  const client = await loggedIn();
  const scram = new MqttScramClient('ann', 'secret of ann', 'anothernonce');
  client.send(mqtt5.auth(RE_AUTHENTICATE, scram.first()));
  const auth = await client.expect('auth', { reason: CONTINUE });
  expect(AUTH_REASONS).toContain(auth.reason);
  await client.expectSilence();
  const challenge = singleOf(auth, 'authenticationData') as Buffer;
  client.send(mqtt5.auth(CONTINUE, scram.final(challenge)));
  const last = await client.expect('auth', { reason: 0 });
  expect(singleOf(last, 'authenticationMethod')).toBe(METHOD);
  expect(String(singleOf(last, 'authenticationData'))).toBe(scram.serverFinal);
  await client.expectSilence();
});

test('[MQTT-4.12.1-1] another method than the first closes the connection', async () => {
  const client = await loggedIn();
  client.send(mqtt5.auth(RE_AUTHENTICATE, [['authenticationMethod', 'PLAIN']]));
  await client.expectDisconnect(PROTOCOL_ERROR, 0x8c);
});

test('[MQTT-4.12.1-2] a second authentication that fails closes the connection', async () => {
  const client = await loggedIn();
  const scram = new MqttScramClient('ann', 'wrong', 'anothernonce');
  client.send(mqtt5.auth(RE_AUTHENTICATE, scram.first()));
  const auth = await client.expect('auth', { reason: CONTINUE });
  client.send(mqtt5.auth(CONTINUE, scram.final(singleOf(auth, 'authenticationData') as Buffer)));
  await client.expectDisconnect(0x87, 0x80);
});

test('[MQTT-4.12.1-2] so does one for another user', async () => {
  const client = await loggedIn();
  const scram = new MqttScramClient('bob', 'secret of bob', 'anothernonce');
  client.send(mqtt5.auth(RE_AUTHENTICATE, scram.first()));
  const auth = await client.expect('auth', { reason: CONTINUE });
  client.send(mqtt5.auth(CONTINUE, scram.final(singleOf(auth, 'authenticationData') as Buffer)));
  await client.expectDisconnect(0x87, 0x80);
});

test('[MQTT-4.12.1-2] so does AUTH out of its order', async () => {
  for (const reason of [CONTINUE, 0x00]) {
    const client = await loggedIn();
    client.send(mqtt5.auth(reason, new MqttScramClient('ann', 'secret of ann').first()));
    await client.expectDisconnect(PROTOCOL_ERROR);
  }
});

test('[MQTT-3.1.4-6] after a failed exchange nothing is processed', async () => {
  const topic = name('t');
  const watcher = await plain();
  await watcher.subscribe(topic);
  const { client, scram, challenge } = await begin('ann', 'wrong');
  client.send(mqtt5.auth(CONTINUE, scram.final(challenge)), mqtt5.publish({ topic }));
  await client.expectTurnedAway(0x86, 0x87);
  await watcher.expectSilence();
});

test('[MQTT-3.1.2-24] AUTH is not sent to a client that takes no packet of its size', async () => {
  const client = await open();
  const scram = new MqttScramClient('ann', 'secret of ann');
  const properties = [...scram.first(), ['maximumPacketSize', 30] as const];
  client.send(mqtt5.connect({ clientId: name(), properties }));
  await client.expectTurnedAway(0x95);
});

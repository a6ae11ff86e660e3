import { expect, test } from 'vitest';
import { mqtt31, mqtt311, PINGREQ } from '../../support/raw-mqtt-builder.js';
import { hex, one, packet, prefixed, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({
  users: [{ name: 'ann', password: 'secret of ann' }],
  anonymous: true,
});
const { name } = fixture;
const open = () => fixture.open(4);
const connect = (options = {}) => fixture.connect(options, 4);

/** Return codes of CONNACK, table 3.1. */
const UNACCEPTABLE_VERSION = 1;
const IDENTIFIER_REJECTED = 2;
const BAD_CREDENTIALS = 4;
const NOT_AUTHORIZED = 5;

test('[MQTT311-3.1.0-1] another packet than CONNECT closes the connection', async () => {
  for (const bytes of [PINGREQ, mqtt311.publish({ topic: 'a' }), mqtt311.disconnect()]) {
    const client = await open();
    client.send(bytes);
    await client.expectClosed();
  }
});

test('[MQTT311-3.1.0-2] a second CONNECT closes the connection, without a packet', async () => {
  const client = await connect();
  client.send(mqtt311.connect({ clientId: name() }));
  await client.expectClosed();
});

test('[MQTT311-3.1.2-1] another protocol name closes the connection', async () => {
  for (const protocolName of ['MQTX', 'mqtt', 'HTTP']) {
    const client = await open();
    client.send(mqtt311.connect({ protocolName }));
    await client.expectTurnedAway(UNACCEPTABLE_VERSION);
  }
});

test('[MQTT311-3.1.2-2] a level that is not supported gets return code 1, then the end', async () => {
  const client = await open();
  client.send(mqtt311.connect({ level: 2 }));
  await client.expectBytes(hex('20 02 00 01'));
  await client.expectClosed();
});

test('[MQTT311-3.1.2-3] the reserved flag closes the connection', async () => {
  const client = await open();
  client.send(mqtt311.connect({ flags: 0x03 }));
  await client.expectClosed();
});

test('[MQTT311-3.1.2-11] [MQTT311-3.1.2-13] [MQTT311-3.1.2-15] will flags without a will close the connection', async () => {
  for (const flags of [0x08, 0x10, 0x18, 0x20]) {
    const client = await open();
    client.send(mqtt311.connect({ flags: 0x02 | flags }));
    await client.expectClosed();
  }
});

test('[MQTT311-3.1.2-14] a will with QoS 3 closes the connection', async () => {
  const client = await open();
  client.send(mqtt311.connect({ will: { topic: 'a', qos: 3 } }));
  await client.expectClosed();
});

test('[MQTT311-3.1.2-22] a password without a user name closes the connection', async () => {
  const client = await open();
  client.send(mqtt311.connect({ password: 'secret' }));
  await client.expectClosed();
});

test('[MQTT311-3.1.2-24] silence of one and a half keep-alive times closes the connection', async () => {
  const client = await connect({ keepAlive: 10 });
  fixture.server.skip(14_000);
  await client.expectSilence();
  fixture.server.skip(15_001);
  await client.expectClosed();
});

test('[MQTT311-3.1.3-5] identifiers of 1 to 23 letters and digits are accepted', async () => {
  for (const clientId of ['a', '0123456789ABCDEFGHIJKLM']) {
    const client = await connect({ clientId });
    await client.expectSilence();
  }
});

test('[MQTT311-3.1.3-6] a client without an identifier is given one, each its own', async () => {
  const clients = [await connect({ clientId: '' }), await connect({ clientId: '' })];
  for (const client of clients) await client.expectSilence();
});

test('[MQTT311-3.1.3-7] [MQTT311-3.1.3-8] no identifier with CleanSession 0 gets return code 2', async () => {
  const client = await open();
  client.send(mqtt311.connect({ clientId: '', cleanStart: false }));
  await client.expectBytes(hex('20 02 00 02'));
  await client.expectClosed();
});

test('[MQTT311-3.1.3-8] MQTT 3.1 has no clients without an identifier', async () => {
  const client = await fixture.open(3);
  client.send(mqtt31.connect({ clientId: '' }));
  await client.expectRefused(IDENTIFIER_REJECTED);
});

test('[MQTT311-3.1.4-1] CONNECT that ends early, or late, closes the connection', async () => {
  const whole = mqtt311.connect({ clientId: name() }).subarray(2);
  for (const bytes of [whole.subarray(0, whole.length - 1), Buffer.concat([whole, one(0)])]) {
    const client = await open();
    client.send(packet(0x10, bytes));
    await client.expectClosed();
  }
});

test('[MQTT311-3.1.4-2] the client that holds the identifier is closed', async () => {
  const clientId = name();
  const first = await connect({ clientId });
  const second = await connect({ clientId });
  await first.expectClosed();
  await second.expectSilence();
});

test('[MQTT311-3.1.4-4] CONNECT is answered by CONNACK with return code 0', async () => {
  const client = await open();
  client.send(mqtt311.connect({ clientId: name() }));
  await client.expectBytes(hex('20 02 00 00'));
});

test('[MQTT311-3.1.4-5] what follows a refused CONNECT is not processed', async () => {
  const topic = name('t');
  const watcher = await connect();
  await watcher.subscribe(topic);
  const client = await open();
  client.send(
    mqtt311.connect({ clientId: name(), username: 'ann', password: 'wrong' }),
    mqtt311.publish({ topic }),
    PINGREQ,
  );
  await client.expectRefused(BAD_CREDENTIALS);
  await watcher.expectSilence();
});

test('[MQTT311-3.2.2-1] [MQTT311-3.2.2-2] [MQTT311-3.2.2-3] Session Present tells of a session', async () => {
  const clientId = name();
  for (const [cleanStart, present] of [
    [false, 0],
    [false, 1],
    [true, 0],
    [false, 0],
  ] as const) {
    const client = await open();
    const connack = await client.login({ clientId, cleanStart });
    expect(connack.acknowledgeFlags).toBe(present);
    await client.leave();
  }
});

test('[MQTT311-3.2.2-1] MQTT 3.1 has no Session Present', async () => {
  const clientId = name();
  for (let round = 0; round < 2; round++) {
    const client = await fixture.open(3);
    const connack = await client.login({ clientId, cleanStart: false });
    expect(connack.acknowledgeFlags).toBe(0);
    await client.leave();
  }
});

test('[MQTT311-3.2.2-4] [MQTT311-3.2.2-5] a refusal has Session Present 0 and closes', async () => {
  const clientId = name();
  const first = await connect({ clientId, cleanStart: false });
  await first.leave();
  const second = await open();
  second.send(mqtt311.connect({ clientId, cleanStart: false, username: 'ann', password: 'wrong' }));
  await second.expectBytes(hex('20 02 00 04'));
  await second.expectClosed();
});

test('[MQTT311-3.2.2-6] where no return code fits the connection closes without CONNACK', async () => {
  const client = await open();
  client.send(packet(0x10, prefixed('MQTT'), one(4), one(2), two(0), prefixed(Buffer.of(0xff))));
  await client.expectClosed();
});

test('[MQTT311-3.2.2-6] wrong credentials get return code 4 or 5', async () => {
  const client = await open();
  client.send(mqtt311.connect({ clientId: name(), username: 'nobody', password: 'x' }));
  await client.expectTurnedAway(BAD_CREDENTIALS, NOT_AUTHORIZED);
});

test('[MQTT311-1.5.3-1] [MQTT311-1.5.3-2] a wrong string closes the connection', async () => {
  for (const topic of [Buffer.of(0x61, 0xff), Buffer.of(0xed, 0xa0, 0x80), 'a\0b']) {
    const client = await connect();
    client.publish({ topic });
    await client.expectClosed();
  }
});

test('[MQTT311-2.2.2-2] wrong flags close the connection', async () => {
  for (const bytes of [
    packet(0xc1),
    packet(0xe1),
    packet(0x80, two(1), prefixed('a'), one(0)),
    packet(0xa0, two(1), prefixed('a')),
    packet(0x60, two(1)),
    packet(0x41, two(1)),
  ]) {
    const client = await connect();
    client.send(bytes);
    await client.expectClosed();
  }
});

test('[MQTT311-3.12.4-1] PINGREQ is answered by PINGRESP', async () => {
  const client = await connect();
  await client.expectSilence();
});

test('[MQTT311-4.8.0-1] AUTH, which MQTT 3.1.1 does not have, closes the connection', async () => {
  const client = await connect();
  client.send(packet(0xf0));
  await client.expectClosed();
});

import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { packet, prefixed, property, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const { connect, name, open } = useMqttServer();

const MALFORMED = 0x81;

const ILL_FORMED: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['a surrogate, U+D800', Buffer.of(0x61, 0xed, 0xa0, 0x80)],
  ['a surrogate, U+DFFF', Buffer.of(0x61, 0xed, 0xbf, 0xbf)],
  ['a pair of surrogates', Buffer.of(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)],
  ['an overlong slash', Buffer.of(0x61, 0xc0, 0xaf)],
  ['a lone continuation byte', Buffer.of(0x61, 0x80)],
  ['a character that is cut off', Buffer.of(0x61, 0xe2, 0x82)],
  ['a code point above U+10FFFF', Buffer.of(0xf4, 0x90, 0x80, 0x80)],
];

test.each(ILL_FORMED)('[MQTT-1.5.4-1] a topic name with %s is malformed', async (_, topic) => {
  const client = await connect();
  client.publish({ topic });
  await client.expectDisconnect(MALFORMED);
});

test.each(ILL_FORMED)('[MQTT-1.5.4-1] a topic filter with %s is malformed', async (_, filter) => {
  const client = await connect();
  client.send(mqtt5.subscribe(1, [[filter, 0]]));
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-1.5.4-1] every character outside the surrogates is carried', async () => {
  const topic = `${name('t')}/\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}`;
  const client = await connect();
  await client.subscribe(topic);
  client.publish({ topic, payload: 'x' });
  await client.expect('publish', { topic });
});

test('[MQTT-1.5.4-2] U+0000 in a topic name is malformed', async () => {
  const client = await connect();
  client.publish({ topic: 'a\0b' });
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-1.5.4-2] U+0000 in a user property is malformed', async () => {
  const client = await connect();
  client.publish({ topic: 'a', properties: [['userProperty', ['name', 'a\0b']]] });
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-1.5.4-3] the bytes EF BB BF stay in a topic, at its start too', async () => {
  const topic = `\ufeff${name('t')}\ufeff`;
  const client = await connect();
  await client.subscribe('+');
  client.publish({ topic, payload: 'x' });
  const received = await client.expect('publish', { topic });
  expect(received.bytes.toString('hex')).toContain('efbbbf');
});

test('[MQTT-1.5.4-3] a topic with U+FEFF is another topic than the one without', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic);
  client.publish({ topic: `\ufeff${topic}` });
  await client.expectSilence();
});

// The decoder of these tests rejects every integer that is longer than it need be.
test.each([127, 128, 16_383, 16_384])(
  '[MQTT-1.5.5-1] a remaining length of %d takes the fewest bytes',
  async (remaining) => {
    const topic = name('t');
    const client = await connect();
    await client.subscribe(topic);
    const payload = 'x'.repeat(remaining - 2 - topic.length - 1);
    const sent = mqtt5.publish({ topic, payload });
    client.send(sent);
    await client.expectBytes(sent);
  },
);

test('[MQTT-1.5.5-1] a property length of 128 takes the fewest bytes', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic);
  const sent = mqtt5.publish({ topic, properties: [['userProperty', ['n', 'v'.repeat(122)]]] });
  client.send(sent);
  await client.expectBytes(sent);
});

test('[MQTT-1.5.5-1] a remaining length of five bytes is malformed', async () => {
  const client = await connect();
  client.send(Buffer.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01));
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-1.5.5-1] a property length of five bytes is malformed', async () => {
  const client = await connect();
  client.send(
    packet(0x30, prefixed('a'), Buffer.of(0x80, 0x80, 0x80, 0x80, 0x01), Buffer.alloc(9)),
  );
  await client.expectDisconnect(MALFORMED);
});

test.each(ILL_FORMED)('[MQTT-1.5.7-1] a user property with %s is malformed', async (_, bytes) => {
  for (const pair of [[bytes, 'value'] as const, ['name', bytes] as const]) {
    const client = await connect();
    client.publish({ topic: 'a', properties: [['userProperty', pair]] });
    await client.expectDisconnect(MALFORMED);
  }
});

test('[MQTT-1.5.7-1] a user property whose value is missing is malformed', async () => {
  const client = await connect();
  const whole = property(['userProperty', ['name', '']]);
  const cut = whole.subarray(0, whole.length - 2);
  client.send(packet(0x82, two(1), Buffer.of(cut.length), cut, prefixed('a'), Buffer.of(0)));
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-1.5.7-1] both strings of a user property may be empty', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic);
  client.publish({ topic, properties: [['userProperty', ['', '']]] });
  const received = await client.expect('publish');
  expect(valuesOf(received, 'userProperty')).toEqual([['', '']]);
});

test('[MQTT-1.5.4-1] a string that is longer than its packet is malformed', async () => {
  const client = await open();
  const whole = mqtt5.connect({ clientId: name() });
  const longer = Buffer.from(whole);
  // The length of the client identifier, which is the last field.
  longer.writeUInt16BE(500, whole.lastIndexOf(Buffer.from('name')) - 2);
  client.send(longer);
  await client.expectTurnedAway(MALFORMED);
});

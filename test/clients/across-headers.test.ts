import { describe, expect, test } from 'vitest';
import { AmqpPeer } from './amqp-client.js';
import { usePeers } from './peer-fixture.js';
import {
  type Arrival,
  type Carrier,
  type Fields,
  type Outgoing,
  PAIRS,
  PAIRS_WITH_FIELDS,
  type Place,
  type ProtocolName,
} from './protocol-peer.js';

const fixture = usePeers();
const { open } = fixture;
let names = 0;

interface Pair {
  readonly from: ProtocolName;
  readonly to: ProtocolName;
  readonly carrier: Carrier;
}

/** Sends a message through a topic, and returns what arrives. */
async function across({ from, to, carrier }: Pair, message: Outgoing): Promise<Arrival> {
  const reader = await open(to, carrier);
  const place: Place = { kind: 'topic', levels: ['headers', String(++names)] };
  await reader.subscribe(place);
  const writer = await open(from, carrier);
  await writer.send(place, message);
  return reader.arrivals.next();
}

const FIELDS: Fields = {
  messageId: 'message 1',
  subject: 'order',
  contentType: 'application/json',
  contentEncoding: 'identity',
  creationTime: 1_700_000_000_123,
  groupId: 'group ü',
  groupSequence: 4_000_000_000,
  replyToGroupId: 'answers',
  priority: 9,
  annotation: 'a:b\\c',
  properties: { zebra: '1', 'a:b\nc': 'd\\e\r\n', ünï: '☃', empty: '', constructor: 'x' },
};

describe.each(PAIRS_WITH_FIELDS)('$from to $to over $carrier', (pair) => {
  test('every field and property arrives', async () => {
    const { fields } = await across(pair, { body: '{}', fields: FIELDS });
    expect(fields).toMatchObject(FIELDS);
    expect(fields.properties).toEqual(FIELDS.properties);
  });

  test('a correlation id of text', async () => {
    const correlationId = 'request ä';
    const { fields } = await across(pair, { body: 'x', fields: { correlationId } });
    expect(Buffer.from(fields.correlationId as string)).toEqual(Buffer.from(correlationId));
  });

  test('a correlation id of bytes', async () => {
    const correlationId = Buffer.of(0, 0xff, 0x0a);
    const { fields } = await across(pair, { body: 'x', fields: { correlationId } });
    expect(fields.correlationId).toEqual(correlationId);
  });

  test('an address for answers', async () => {
    const answers: Place = { kind: 'topic', levels: ['answers', 'he.re'] };
    const replyTo = (await open(pair.from, pair.carrier)).nameOf(answers);
    const { fields } = await across(pair, { body: 'x', fields: { replyTo } });
    expect(fields.replyTo).toBe((await open(pair.to, pair.carrier)).nameOf(answers));
  });

  test('when it expires', async () => {
    const { fields } = await across(pair, { body: 'x', fields: { lifeMs: 100_000 } });
    // MQTT counts in seconds.
    expect(Math.abs(fields.lifeMs! - 100_000)).toBeLessThan(2000);
  });

  test('that a body is text', async () => {
    const { isText, body } = await across(pair, { body: 'grüß' });
    expect(body.toString()).toBe('grüß');
    expect([true, undefined]).toContain(isText);
  });

  test('that a body is bytes', async () => {
    const { isText, body } = await across(pair, { body: Buffer.of(0xff, 0) });
    expect(body).toEqual(Buffer.of(0xff, 0));
    expect([false, undefined]).toContain(isText);
  });

  test('nobody can forge what is for the broker to say', async () => {
    const properties = { 'x-dead-letter-reason': 'forged', 'x-opt-dead-letter-time': 'forged' };
    const { fields } = await across(pair, { body: 'x', fields: { properties } });
    // What MQTT 5 clients send to one another nobody may change [MQTT-3.3.2-17].
    if (pair.from === 'MQTT 5' && pair.to === 'MQTT 5') return;
    const renamed = Object.entries(properties).map(([name, value]) => [`property-${name}`, value]);
    // AMQP has the broker's words among its annotations, and the sender's among the properties.
    const expected = pair.to === 'AMQP 1.0' ? properties : Object.fromEntries(renamed);
    expect(fields).toEqual({ ...fields, annotation: undefined, properties: expected });
  });
});

describe.each(PAIRS)('$from to $to over $carrier', (pair) => {
  test.each([true, false])('whether it is durable: %s', async (durable) => {
    expect((await across(pair, { body: 'x', durable })).durable).toBe(durable);
  });
});

describe('the name of the user', () => {
  test('comes from AMQP if it is the sender’s own', async () => {
    const place: Place = { kind: 'topic', levels: ['users', String(++names)] };
    const readers = [await open('MQTT 5', 'tcp'), await open('STOMP 1.2', 'tcp')];
    for (const reader of readers) await reader.subscribe(place);
    const writer = await AmqpPeer.open({ port: fixture.server.amqpPort });
    const sender = await writer.sender(`topic://users.${names}`);
    for (const user of ['anonymous', 'admin']) {
      await sender.send({ body: 'x', user_id: Buffer.from(user) as never });
    }
    for (const { arrivals } of readers) {
      expect((await arrivals.next()).fields.properties).toEqual({ JMSXUserID: 'anonymous' });
      expect((await arrivals.next()).fields.properties).toEqual({ 'property-JMSXUserID': 'admin' });
    }
    writer.drop();
  });
});

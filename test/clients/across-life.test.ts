import { describe, expect, test } from 'vitest';
import { AmqpPeer } from './amqp-client.js';
import { MqttPeer } from './mqtt-client.js';
import { usePeers } from './peer-fixture.js';
import {
  type Arrival,
  CARRIERS,
  PAIRS,
  type Place,
  PROTOCOLS,
  type ProtocolPeer,
  protocolOf,
} from './protocol-peer.js';

const fixture = usePeers({
  policies: [{ destination: 'queue://life.*', maxDeliveries: 0, deadLetter: 'life.dead' }],
});
const { open } = fixture;
const DEAD_LETTERS: Place = { kind: 'queue', levels: ['life', 'dead'] };
let names = 0;

const newQueue = (): Place => ({ kind: 'queue', levels: ['life', String(++names)] });
const textOf = ({ body }: Arrival) => body.toString();

/** The next message that a client of its own gets. */
async function readOne(peer: ProtocolPeer, place: Place): Promise<Arrival> {
  await peer.subscribe(place);
  return peer.arrivals.next();
}

describe.each(PAIRS)('$from to $to over $carrier', ({ from, to, carrier }) => {
  test('what its receiver accepted is gone', async () => {
    const place = newQueue();
    const sender = await open(from, carrier);
    await sender.send(place, Buffer.from('done'));
    const receiver = await open(to, carrier);
    await receiver.subscribe(place, { byHand: true });
    await (await receiver.arrivals.next()).settle('accept');
    await sender.send(place, Buffer.from('next'));
    const arrival = await receiver.arrivals.next();
    expect(textOf(arrival)).toBe('next');
    await arrival.settle('accept');
    // Once this is confirmed, the broker has read what came before.
    await receiver.send(newQueue(), Buffer.from('read'));
    receiver.end();
    await sender.send(place, Buffer.from('last'));
    expect(textOf(await readOne(await open(from, carrier), place))).toBe('last');
  });

  test('what its receiver gave back comes to another, flagged', async () => {
    const place = newQueue();
    const sender = await open(from, carrier);
    await sender.send(place, Buffer.from('again'));
    const receiver = await open(to, carrier);
    await receiver.subscribe(place, { byHand: true });
    const first = await receiver.arrivals.next();
    expect([false, undefined]).toContain(first.redelivered);
    await first.settle('release');
    receiver.end();
    const second = await readOne(await open(from, carrier), place);
    expect(textOf(second)).toBe('again');
    expect([true, undefined]).toContain(second.redelivered);
  });

  test.runIf(protocolOf(to).rejects)('what its receiver rejected is a dead letter', async () => {
    const place = newQueue();
    const sender = await open(from, carrier);
    await sender.send(place, Buffer.from(`poison ${names}`));
    const receiver = await open(to, carrier);
    await receiver.subscribe(place, { byHand: true });
    await (await receiver.arrivals.next()).settle('reject');
    const letter = await readOne(await open(from, carrier), DEAD_LETTERS);
    expect(textOf(letter)).toBe(`poison ${names}`);
    if (!protocolOf(from).hasFields) return;
    const { properties = {} } = letter.fields;
    const told = Object.entries(properties).map(([name, value]) => `${name}=${value}`);
    const origin = `queue://life.${names}`;
    expect(told).toContainEqual(expect.stringMatching(`^x-(opt-)?dead-letter-origin=${origin}$`));
    expect(told).toContainEqual(expect.stringMatching('^x-(opt-)?dead-letter-reason=.'));
    expect(told).toContainEqual(expect.stringMatching('^x-(opt-)?dead-letter-time=.'));
  });

  test('what has expired reaches nobody', async () => {
    if (!protocolOf(from).hasFields) return;
    const place = newQueue();
    const sender = await open(from, carrier);
    await sender.send(place, { body: 'late', fields: { lifeMs: 10_000 } });
    await sender.send(place, { body: 'lives' });
    fixture.server.skip(30_000);
    expect(textOf(await readOne(await open(to, carrier), place))).toBe('lives');
  });
});

test('failed deliveries are counted over protocols', async () => {
  const place = newQueue();
  await (await open('MQTT 5', 'tcp')).send(place, Buffer.from('difficult'));
  const stomp = await open('STOMP 1.2', 'tcp');
  await stomp.subscribe(place, { byHand: true });
  for (const redelivered of [false, true]) {
    const arrival = await stomp.arrivals.next();
    expect(arrival.redelivered).toBe(redelivered);
    // A NACK says that the delivery failed.
    await arrival.settle('release');
  }
  stomp.end();
  const amqp = await AmqpPeer.open({ port: fixture.server.amqpPort });
  const receiver = await amqp.receiver(`queue://${place.levels.join('.')}`);
  const { message, delivery } = await receiver.inbox.next();
  expect(message).toMatchObject({ delivery_count: 2, first_acquirer: false });
  delivery.modified({ delivery_failed: true });
  expect((await receiver.next()).delivery_count).toBe(3);
  amqp.drop();
});

test('a delay that AMQP or STOMP asks for holds for everybody', async () => {
  const place = newQueue();
  const name = place.levels.join('.');
  const receiver = await open('MQTT 5', 'tcp');
  await receiver.subscribe(place);
  const amqp = await AmqpPeer.open({ port: fixture.server.amqpPort });
  const message_annotations = { 'x-opt-delivery-delay': 20_000 };
  const sender = await amqp.sender(`queue://${name}`);
  await sender.send({ body: 'from AMQP', durable: true, message_annotations });
  const stomp = await open('STOMP 1.2', 'tcp');
  const properties = { AMQ_SCHEDULED_DELAY: '10000' };
  await stomp.send(place, { body: 'from STOMP', fields: { properties } });
  await stomp.send(place, { body: 'at once' });
  const order: string[] = [textOf(await receiver.arrivals.next())];
  for (let count = 0; count < 2; count++) {
    fixture.server.skip(10_000);
    const { body, fields } = await receiver.arrivals.next();
    expect(fields.properties).toBeUndefined();
    order.push(body.toString());
  }
  expect(order).toEqual(['at once', 'from STOMP', 'from AMQP']);
  amqp.drop();
});

const OVER_TCP = PAIRS.filter(({ carrier }) => carrier === 'tcp');

describe.each(OVER_TCP)('$from to $to', ({ from, to }) => {
  test('what is durable survives a restart of the broker, with all its fields', async () => {
    const place = newQueue();
    const sender = await open(from, 'tcp');
    const fields = { subject: 'kept', correlationId: Buffer.of(0, 0xff), priority: 7 };
    const known = protocolOf(from).hasFields ? { fields } : {};
    await sender.send(place, { body: Buffer.from('durable'), ...known });
    await fixture.server.restart();
    const arrival = await readOne(await open(to, 'tcp'), place);
    expect(textOf(arrival)).toBe('durable');
    expect(arrival.durable).toBe(true);
    if (protocolOf(from).hasFields && protocolOf(to).hasFields) {
      expect(arrival.fields).toMatchObject(fields);
    }
  });
});

describe.each(PROTOCOLS.flatMap((to) => CARRIERS.map((carrier) => ({ to, carrier }))))(
  'from MQTT to $to over $carrier',
  ({ to, carrier }) => {
    const openMqtt = (options = {}) =>
      MqttPeer.open(`mqtt://127.0.0.1:${fixture.server.mqttPort}`, {
        protocolVersion: 5,
        ...options,
      });

    test('what a topic has kept comes to those who ask for it', async () => {
      const levels = ['kept', String(++names)];
      const publisher = await openMqtt();
      const properties = { contentType: 'text/plain', userProperties: { JMSType: 'kept' } };
      const options = { qos: 1, retain: true, properties } as const;
      await publisher.client.publishAsync(levels.join('/'), 'kept', options);
      await publisher.close();
      const receiver = await open(to, carrier);
      await receiver.subscribe({ kind: 'topic', levels }, { retained: true });
      const arrival = await receiver.arrivals.next();
      expect(textOf(arrival)).toBe('kept');
      if (protocolOf(to).hasFields) {
        expect(arrival.fields).toMatchObject({ contentType: 'text/plain', subject: 'kept' });
      }
    });

    test('a will is a message like any other', async () => {
      const levels = ['wills', String(++names)];
      const receiver = await open(to, carrier);
      await receiver.subscribe({ kind: 'topic', levels });
      const properties = { contentType: 'text/plain', userProperties: { JMSPriority: '7' } };
      const payload = Buffer.from('gone');
      const will = { topic: levels.join('/'), payload, qos: 1, retain: false, properties };
      await (await openMqtt({ will })).drop();
      const arrival = await receiver.arrivals.next();
      expect(textOf(arrival)).toBe('gone');
      expect(arrival.durable).toBe(true);
      if (protocolOf(to).hasFields) {
        expect(arrival.fields).toMatchObject({ contentType: 'text/plain', priority: 7 });
      }
    });
  },
);

import { expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { createTestBroker, type TestBroker } from '../../../test/support/test-broker.js';
import {
  connect,
  hex,
  packet,
  prefixed,
  property,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
  u16,
  u32,
  unsubscribe,
  userProperty,
} from './testing/bytes.js';
import { MqttPeer } from './testing/mqtt-peer.js';

const RUNS = 1500;
const LIMITS = { handshakeBytesMax: 512, frameBytesMax: 1024 };

/** Something of everything that a client may send. */
function corpus(version: 3 | 4 | 5): Buffer[] {
  const properties = [property(0x23, u16(1)), userProperty('a', 'b'), property(0x02, u32(9))];
  const will = version === 5 ? [hex('00')] : [];
  return [
    connect({ version, flags: 6, payload: [...will, prefixed('will'), prefixed('bye')] }),
    connect({
      version,
      keepAlive: 5,
      properties: [property(0x21, u16(2)), property(0x22, u16(2))],
    }),
    subscribe(1, [['#', 2]], version),
    subscribe(2, [['$share/g/a/+', 1]], version),
    subscribe(3, [['$queue/q', 1]], version),
    publish({ version, topic: 'a/b', payload: 'x', properties }),
    publish({ version, topic: 'a/b', payload: 'x', qos: 1, id: 1, retain: true }),
    publish({ version, topic: '$queue/q', payload: 'x', qos: 2, id: 2 }),
    puback(1),
    pubrec(1),
    pubrec(2, 0x87),
    pubrel(2),
    pubcomp(1),
    unsubscribe(5, ['#', '$share/g/a/+'], version),
    packet(0xf0, hex('19'), hex('00')),
    hex('c000'),
    hex('e000'),
  ];
}

function mutated(bytes: Buffer, random: SeededRandom): Buffer {
  const copy = Buffer.from(bytes);
  switch (random.below(6)) {
    case 0:
      copy[random.below(copy.length)] = random.below(256);
      return copy;
    case 1:
      return copy.subarray(0, random.below(copy.length));
    case 2:
      return Buffer.concat([copy, random.bytes(random.below(8))]);
    case 3:
      copy[Math.min(1, copy.length - 1)] = random.below(256);
      return copy;
    default:
      return copy;
  }
}

/** Feeds an engine; whatever comes, it answers or closes and never throws. */
function feed(turns: TestBroker, random: SeededRandom, next: () => Buffer): void {
  const peer = new MqttPeer(turns);
  const packets = random.between(1, 12);
  for (let count = 0; count < packets && !peer.sink.ended; count++) {
    const bytes = next();
    const cut = random.below(bytes.length + 1);
    peer.send(bytes.subarray(0, cut)).send(bytes.subarray(cut));
    expect(peer.bytes().length).toBeLessThan(1_000_000);
  }
  if (random.chance(0.8)) peer.drop();
  else peer.send(hex('e000'));
  expect(peer.sink.pauses).toBe(0);
}

test('random bytes', async () => {
  const random = new SeededRandom(42);
  const turns = await createTestBroker({ limits: LIMITS });
  for (let run = 0; run < RUNS; run++) feed(turns, random, () => random.bytes(random.below(64)));
  for (let run = 0; run < RUNS; run++) {
    let first = true;
    feed(turns, random, () => {
      if (!first) return random.bytes(random.below(64));
      first = false;
      return connect({ version: random.pick([3, 4, 5] as const) });
    });
  }
  expect(turns.broker.connections.size).toBe(0);
});

test('packets of every kind, changed here and there', async () => {
  const random = new SeededRandom(7);
  const turns = await createTestBroker({ limits: LIMITS });
  for (let run = 0; run < RUNS; run++) {
    const version = random.pick([3, 4, 5] as const);
    const packets = corpus(version);
    let first = true;
    feed(turns, random, () => {
      const bytes = first ? random.pick(packets.slice(0, 2)) : random.pick(packets);
      first = false;
      return random.chance(0.3) ? mutated(bytes, random) : bytes;
    });
  }
  expect(turns.broker.connections.size).toBe(0);
  // Nothing is left of sessions that ended with their connections.
  turns.advance(1000);
  const kinds = [...turns.broker.queues.values()].map(({ kind, durable }) => [kind, durable]);
  expect(kinds.filter(([kind, durable]) => kind !== 'queue' && durable === false)).toEqual([]);
});

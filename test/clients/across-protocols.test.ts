import { describe, expect, test } from 'vitest';
import { usePeers } from './peer-fixture.js';
import { PAIRS, type Place } from './protocol-peer.js';

const { open } = usePeers();
let names = 0;

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const BODIES: readonly (readonly [string, Buffer])[] = [
  ['text', Buffer.from('Grüße, 世界 🐟\nsecond line')],
  ['binary', EVERY_BYTE],
  ['empty', Buffer.alloc(0)],
  ['invalid UTF-8', Buffer.of(0xc3, 0x28, 0x00, 0xff)],
  ['1 MiB', Buffer.alloc(1 << 20, EVERY_BYTE)],
  ['8 MiB', Buffer.alloc(8 << 20, EVERY_BYTE)],
];

/** Levels as MQTT writes them; a dot, a slash's stand-in elsewhere, is an ordinary character. */
const LEVELS: readonly (readonly string[])[] = [
  ['sensors', 'kitchen', 'temp'],
  ['version.1', 'a.b.c'],
  ['with space', ' leading'],
  ['ünïcödé', '温度'],
  ['', 'empty first'],
  ['empty last', ''],
  ['a:b', 'back\\slash'],
];

describe.each(PAIRS)('$from to $to over $carrier', ({ from, to, carrier }) => {
  test('bodies of every kind and size, through a topic and a queue', async () => {
    const reader = await open(to, carrier);
    const writer = await open(from, carrier);
    for (const kind of ['topic', 'queue'] as const) {
      const place: Place = { kind, levels: ['bodies', String(++names)] };
      await reader.subscribe(place);
      for (const [what, body] of BODIES) {
        await writer.send(place, body);
        const arrival = await reader.arrivals.next();
        expect(arrival.body.equals(body), `${what} through a ${kind}`).toBe(true);
        expect(arrival.name).toBe(reader.nameOf(place));
      }
    }
  });

  test('names of every kind lead to the same topic and queue', async () => {
    const reader = await open(to, carrier);
    const writer = await open(from, carrier);
    for (const kind of ['topic', 'queue'] as const) {
      for (const levels of LEVELS) {
        const place: Place = { kind, levels: [`names${++names}`, ...levels] };
        await reader.subscribe(place);
        await writer.send(place, Buffer.from('here'));
        expect((await reader.arrivals.next()).name).toBe(reader.nameOf(place));
      }
    }
  });

  test('wildcards stand for levels', async () => {
    const root = `wild${++names}`;
    const reader = await open(to, carrier);
    const writer = await open(from, carrier);
    await reader.subscribe({ kind: 'topic', levels: [root, '+', 'temp'] });
    await reader.subscribe({ kind: 'topic', levels: [root, 'deep', '#'] });
    const send = (...levels: string[]) =>
      writer.send({ kind: 'topic', levels: [root, ...levels] }, Buffer.from(levels.join(' ')));
    await send('kitchen', 'temp');
    await send('kitchen', 'other');
    await send('kitchen', 'more', 'temp');
    await send('dot.ted', 'temp');
    await send('deep');
    await send('deep', 'er', 'and', 'deeper');
    const texts = (await reader.arrivals.take(4)).map(({ body }) => body.toString());
    expect(texts).toEqual(['kitchen temp', 'dot.ted temp', 'deep', 'deep er and deeper']);
  });

  test('many messages keep their order', async () => {
    const place: Place = { kind: 'queue', levels: ['order', String(++names)] };
    const reader = await open(to, carrier);
    await reader.subscribe(place);
    const writer = await open(from, carrier);
    const numbers = Array.from({ length: 300 }, (_, index) => String(index));
    await Promise.all(numbers.map((number) => writer.send(place, Buffer.from(number))));
    const received = await reader.arrivals.take(300);
    expect(received.map(({ body }) => body.toString())).toEqual(numbers);
  });
});

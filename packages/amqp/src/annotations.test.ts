import { AddressBook, FORMAT_IDS, Message } from '@causeway/core';
import { ByteReader } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { annotatedHead, annotationName, isAnnotated } from './annotations.js';
import { AmqpSymbol, type AmqpValue, type Described } from './codec/value.js';
import { readValue } from './codec/value-reader.js';
import { ValueWriter } from './codec/value-writer.js';
import { hex } from './testing/amqp-frames.js';
import { encodeMessage, type MessageSections } from './testing/amqp-messages.js';

const addresses = new AddressBook();
const EXPIRY = new Date(1_900_000_000_000);
const REASON = new Map([['x-dead-letter-reason', 'why']]);

interface Said {
  readonly annotations?: ReadonlyMap<string, string>;
  readonly amendments?: Readonly<Record<string, AmqpValue>>;
}

function message(bytes: Buffer, { annotations, amendments }: Said): Message {
  const { amqp } = FORMAT_IDS;
  const made = new Message(addresses.queue('q'), amqp, true, bytes, 0, bytes.length, false);
  made.annotations = annotations ?? null;
  if (amendments !== undefined) {
    const items = Object.entries(amendments).map(([name, value]) => [new AmqpSymbol(name), value]);
    const map = new Map(items as [AmqpSymbol, AmqpValue][]);
    made.amendments = new ValueWriter().value(map).take();
  }
  return made;
}

/** All sections of the message as it goes out. */
function sent(bytes: Buffer, said: Said): Described[] {
  const { sections, bareStart } = annotatedHead(message(bytes, said), bytes, 0, bytes.length);
  const reader = new ByteReader(Buffer.concat([sections, bytes.subarray(bareStart)]));
  const values: Described[] = [];
  while (reader.remaining > 0) values.push(readValue(reader) as Described);
  return values;
}

function annotationsOf(bytes: Buffer, said: Said): Record<string, AmqpValue> {
  const map = sent(bytes, said)[0]!.value as ReadonlyMap<AmqpValue, AmqpValue>;
  return Object.fromEntries([...map].map(([name, value]) => [String(name), value]));
}

const encode = (sections: MessageSections) => encodeMessage({ value: 'body', ...sections });

test('only what somebody added to annotates a message', () => {
  const bytes = encode({});
  expect(isAnnotated(message(bytes, {}))).toBe(false);
  expect(isAnnotated(message(bytes, { annotations: REASON }))).toBe(true);
  expect(isAnnotated(message(bytes, { amendments: {} }))).toBe(true);
});

test('3.2.10 names of the broker begin with x-opt-', () => {
  const names = ['x-dead-letter-reason', 'x-opt-dead-letter-reason', 'name'];
  expect(names.map(annotationName)).toEqual([
    'x-opt-dead-letter-reason',
    'x-opt-dead-letter-reason',
    'x-opt-name',
  ]);
});

describe('annotations', () => {
  test('3.2.3 are those of the sender, of its receivers, and of the broker, which win in turn', () => {
    const bytes = encode({
      messageAnnotations: { own: 1, changed: 1, 'x-opt-dead-letter-reason': 'forged' },
    });
    const said = { annotations: REASON, amendments: { changed: 2, added: 3 } };
    expect(annotationsOf(bytes, said)).toEqual({
      own: 1,
      changed: 2,
      added: 3,
      'x-opt-dead-letter-reason': 'why',
    });
  });

  test('are there for a message that had none', () => {
    expect(annotationsOf(encode({}), { amendments: { a: 1 } })).toEqual({ a: 1 });
    expect(annotationsOf(Buffer.alloc(0), { annotations: REASON })).toHaveProperty(
      'x-opt-dead-letter-reason',
    );
  });

  test('of the sender that cannot be read are left out', () => {
    const wrong = Buffer.concat([hex('00 53 72 c1 04 01 a3 01 61'), encode({})]);
    expect(annotationsOf(wrong, { amendments: { a: 1 } })).toEqual({ a: 1 });
  });

  test('are followed by the message as it was', () => {
    const rest = { properties: ['id'], applicationProperties: { p: 1 }, footer: { f: 1 } };
    const bytes = encode({ messageAnnotations: { own: 1 }, ...rest });
    const { bareStart } = annotatedHead(
      message(bytes, { amendments: { a: 1 } }),
      bytes,
      0,
      bytes.length,
    );
    expect(bytes.subarray(bareStart)).toEqual(encode(rest));
  });
});

describe('the absolute-expiry-time', () => {
  const properties = ['id', null, 'to', null, null, null, null, null, EXPIRY, new Date(5), 'group'];

  test('3.2.4 of a dead letter is an annotation', () => {
    const [annotations, section, body] = sent(encode({ properties }), { annotations: REASON });
    const entries = [...(annotations!.value as ReadonlyMap<AmqpValue, AmqpValue>)];
    const named = entries.map(([name, value]) => [String(name), value]);
    expect(named).toContainEqual(['x-opt-dead-letter-expiry', EXPIRY]);
    expect(section!.value).toEqual(properties.with(8, null));
    expect(body!.value).toBe('body');
  });

  test('3.2.4 stays in the properties of a message that is none', () => {
    const [, section] = sent(encode({ properties }), { amendments: { a: 1 } });
    expect(section!.value).toEqual(properties);
  });

  test.each([
    ['is missing', ['id']],
    ['is null', properties.with(8, null)],
    ['is 1970 or before, for never', properties.with(8, new Date(0))],
    ['is no timestamp', properties.with(8, 'soon')],
  ])('that %s leaves the properties as they are', (_, own) => {
    const bytes = encode({ properties: own });
    const { sections, bareStart } = annotatedHead(
      message(bytes, { annotations: REASON }),
      bytes,
      0,
      bytes.length,
    );
    expect(bareStart).toBe(0);
    expect(sections.includes('expiry')).toBe(false);
  });

  test('3.2.4 is found in long and in short lists, and by a descriptor that is a symbol', () => {
    const list = hex(`0a ${'40'.repeat(8)} 83 0000000000000009 40`);
    const short = Buffer.concat([hex('00 53 73 c0 13'), list]);
    const symbol = Buffer.from('amqp:properties:list');
    const symbolic = Buffer.concat([hex('00 a3 14'), symbol, hex('c0 13'), list]);
    for (const bytes of [short, symbolic]) {
      const [, section] = sent(bytes, { annotations: REASON });
      expect(section!.value).toEqual(Array.from({ length: 10 }, () => null));
    }
  });
});

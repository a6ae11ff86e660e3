import { describe, expect, test } from 'vitest';
import { AddressBook } from './address.js';
import type { Content } from './content.js';
import type { Dialect } from './dialect.js';
import { explain, firstLoss } from './explain.js';
import { Formats, type MessageFormat } from './format.js';
import { Message } from './message.js';

const addresses = new AddressBook();

const dialect = (name: string, parts: Partial<Dialect> = {}): Dialect => ({
  key: name,
  name,
  envelope: ['durable', 'priority', 'expiresAt'],
  receive: (content) => content,
  destination: (address) => (address.kind === 'topic' ? null : address.name),
  describe: (message) => [['length', String(message.size)]],
  reason: (field, change) => `${name} has ${field} ${change}`,
  compose: () => {
    throw new Error('not here');
  },
  ...parts,
});

/** A format whose bytes are JSON of the fields that it knows. */
function jsonFormat(id: number, known: string[], dialects: Dialect[]): MessageFormat {
  return {
    id,
    name: `format ${id}`,
    builtFlags: 7,
    dialects,
    view: ({ bytes }) => JSON.parse(bytes.toString()) as Content,
    build: (content) => {
      const kept = Object.entries(content).filter(([field]) => known.includes(field));
      return Buffer.from(JSON.stringify(Object.fromEntries(kept)));
    },
  };
}

const rich = jsonFormat(1, ['subject', 'groupId', 'properties', 'body'], [dialect('rich')]);
const poor = jsonFormat(
  2,
  ['subject', 'properties', 'body'],
  [
    dialect('poor'),
    dialect('poorest', { envelope: [], receive: ({ body }) => ({ properties: [], body }) }),
  ],
);
const formats = new Formats();
formats.register(rich);
formats.register(poor);

function message(content: Partial<Content>, uri = 'queue://q'): Message {
  const whole = { properties: [], body: { kind: 'text', text: 'hello' }, ...content };
  const bytes = Buffer.from(JSON.stringify(whole));
  return new Message(addresses.parse(uri), 1, false, bytes, 0, bytes.length, false);
}

describe('an explanation', () => {
  test('tells what the receivers of each dialect get', () => {
    const urgent = message({ subject: 's', groupId: 'g' });
    urgent.priority = 9;
    const { format, received } = explain(urgent, formats);
    expect(format).toBe('format 1');
    expect(received.map(({ protocol }) => protocol)).toEqual(['rich', 'poor', 'poorest']);
    expect(received[0]).toEqual({
      protocol: 'rich',
      destination: 'q',
      headers: [['length', String(urgent.size)]],
      body: { kind: 'text', preview: 'hello' },
      losses: [],
    });
    expect(received[1]!.losses).toEqual([
      { field: 'groupId', change: 'lost', why: 'poor has groupId lost', value: 'g' },
    ]);
    expect(received[2]!.losses.map(({ field }) => field)).toEqual([
      'priority',
      'subject',
      'groupId',
    ]);
  });

  test('tells of destinations that a protocol has no name for', () => {
    const [first] = explain(message({}, 'topic://t'), formats).received;
    expect(first).toMatchObject({
      destination: null,
      losses: [{ field: 'destination', change: 'lost', value: 'topic://t' }],
    });
  });
});

describe('the first loss', () => {
  test('is that of another format, in its best dialect', () => {
    expect(firstLoss(message({ groupId: 'g' }), formats)).toMatchObject({
      protocol: 'poor',
      field: 'groupId',
    });
    expect(firstLoss(message({ subject: 's' }), formats)).toBeNull();
  });

  test('does not count that a type is not known any more', () => {
    const retyping: MessageFormat = {
      ...poor,
      view: (each) => {
        const content = poor.view(each);
        return {
          ...content,
          properties: content.properties.map(([name, value]) => [name, String(value)]),
        };
      },
    };
    const both = new Formats();
    both.register(rich);
    both.register(retyping);
    expect(firstLoss(message({ properties: [['a', 1]] }), both)).toBeNull();
    expect(explain(message({ properties: [['a', 1]] }), both).received[1]!.losses).toHaveLength(1);
  });
});

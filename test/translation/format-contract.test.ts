import { isDeepStrictEqual } from 'node:util';
import {
  AddressBook,
  type Content,
  explain,
  findLosses,
  Message,
  type MessageFormat,
} from '@causeway/core';
import { createFormats } from '@causeway/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyContent, plainContent } from './random-content.js';

const formats = createFormats();
const address = new AddressBook().topic('prices');
const REPEATABLE = { seed: 1, numRuns: 400 };

/** A message that is stored in one format, out of content. */
function messageIn(format: MessageFormat, content: Content): Message {
  const origin = new Message(address, format.id, true, Buffer.alloc(0), 0, 0, false);
  const bytes = format.build(content, origin);
  const message = new Message(address, format.id, true, bytes, 0, bytes.length, false);
  message.formatFlags = format.builtFlags;
  return message;
}

const through = (content: Content, ...path: MessageFormat[]): Content =>
  path.reduce((current, format) => format.view(messageIn(format, current)), content);

/** Which fields, properties and annotations differ, by plain comparison. */
function differences(sent: Content, received: Content): Set<string> {
  const fields = new Set<string>();
  for (const [field, value] of Object.entries(sent)) {
    if (field === 'properties' || field === 'annotations') {
      const pairs = [...((received[field] as Content['properties']) ?? [])];
      for (const pair of value as Content['properties']) {
        const index = pairs.findIndex((other) => isDeepStrictEqual(other, pair));
        if (index < 0) fields.add(`${field}.${pair[0]}`);
        else pairs.splice(index, 1);
      }
    } else if (!isDeepStrictEqual(value, received[field as keyof Content])) fields.add(field);
  }
  return fields;
}

describe.each(formats.all().map((format) => [format.name, format] as const))('%s', (_, format) => {
  test('builds and reads any content, and what does not come back is among the losses', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const received = through(content, format);
        const losses = findLosses(content, received);
        expect(new Set(losses.map(({ field }) => field))).toEqual(differences(content, received));
      }),
      REPEATABLE,
    );
  });

  test('loses nothing more the second time', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const once = through(content, format);
        expect(findLosses(once, through(once, format))).toEqual([]);
      }),
      REPEATABLE,
    );
  });

  test('has its best dialect first: one that receives all that the format holds', () => {
    const content: Content = { properties: [], body: { kind: 'text', text: '' } };
    expect(format.dialects[0]!.receive(content)).toBe(content);
  });
});

const pairs = formats.all().flatMap((first) =>
  formats
    .all()
    .filter((second) => second !== first)
    .map((second) => [first.name, second.name, first, second] as const),
);

test.each(pairs)('from %s to %s and back, no text is lost', (_, __, first, second) => {
  fc.assert(
    fc.property(plainContent, (content) => {
      const start = through(content, first);
      // AMQP gives messages an id.
      expect(through(start, second, first)).toMatchObject(start);
      expect(findLosses(content, start)).toEqual([]);
    }),
    REPEATABLE,
  );
});

test.each(pairs)('a message from %s in %s: every loss has a reason', (_, __, first, second) => {
  fc.assert(
    fc.property(anyContent, (content) => {
      const { received } = explain(messageIn(first, content), formats);
      const names = second.dialects.map(({ name }) => name);
      for (const { losses } of received.filter(({ protocol }) => names.includes(protocol))) {
        for (const { why, value } of losses) {
          expect(why).not.toBe('');
          expect(value.length).toBeLessThan(200);
        }
      }
    }),
    { ...REPEATABLE, numRuns: 100 },
  );
});

import { describe, expect, test } from 'vitest';
import type { Body, Content, ContentValue, Property } from './content.js';
import { findLosses } from './explain-losses.js';

const EMPTY: Content = { properties: [], body: { kind: 'text', text: '' } };

/** What is found when one part of a message differs. */
function changes(sent: Partial<Content>, received: Partial<Content>): string[] {
  const losses = findLosses({ ...EMPTY, ...sent }, { ...EMPTY, ...received });
  return losses.map(({ field, change }) => `${field} ${change}`);
}

describe('fields', () => {
  test('that are the same, or were added, are no loss', () => {
    expect(changes({ subject: 's' }, { subject: 's', groupId: 'g' })).toEqual([]);
  });

  test.each<[Partial<Content>, Partial<Content>, string]>([
    [{ subject: 's' }, {}, 'subject lost'],
    [{ subject: 's' }, { subject: 't' }, 'subject changed'],
    [{ creationTime: 5 }, { creationTime: 6 }, 'creationTime changed'],
    [{ correlationId: 'c' }, {}, 'correlationId lost'],
    [{ correlationId: 'c' }, { correlationId: 'd' }, 'correlationId changed'],
    [{ correlationId: 'c' }, { correlationId: Buffer.from('c') }, 'correlationId retyped'],
    [{ correlationId: Buffer.from('c') }, { correlationId: 'd' }, 'correlationId changed'],
    [{ contentType: 'a/b' }, {}, 'contentType lost'],
    [{ contentType: 'a/b' }, { contentType: 'a/c' }, 'contentType changed'],
    [
      { contentType: 'a/b;charset=latin1' },
      { contentType: 'a/b;charset=utf-8' },
      'contentType retyped',
    ],
  ])('%j as %j: %s', (sent, received, loss) => {
    expect(changes(sent, received)).toEqual([loss]);
  });
});

describe('properties and annotations', () => {
  const pairs = (...names: Property[]) => names;

  test.each<[string, Property[], Property[], string[]]>([
    ['the same in another order', pairs(['a', '1'], ['b', '2']), pairs(['b', '2'], ['a', '1']), []],
    ['one of a name', pairs(['a', '1'], ['a', '2']), pairs(['a', '2']), ['a lost']],
    ['a value', pairs(['a', '1']), pairs(['a', '2']), ['a changed']],
    [
      'types',
      pairs(['a', 1], ['b', null], ['c', true]),
      pairs(['a', '1'], ['b', ''], ['c', 'true']),
      ['a retyped', 'b retyped', 'c retyped'],
    ],
    ['a name', pairs(['a', '1']), pairs(['b', '1']), ['a lost']],
  ])('%s', (_, sent, received, losses) => {
    expect(changes({ properties: sent }, { properties: received })).toEqual(
      losses.map((loss) => `properties.${loss}`),
    );
    expect(changes({ annotations: sent }, { annotations: received })).toEqual(
      losses.map((loss) => `annotations.${loss}`),
    );
  });
});

describe('bodies', () => {
  const text = (value: string): Body => ({ kind: 'text', text: value });
  const binary = (value: string): Body => ({ kind: 'binary', bytes: Buffer.from(value) });
  const single = (value: ContentValue): Body => ({ kind: 'value', value });

  test.each<[string, Body, Body, string[]]>([
    ['the same text', text('a'), text('a'), []],
    ['the same list', single([1, new Map([['a', 1]])]), single([1n, new Map([['a', 1]])]), []],
    ['bytes of a text', text('ä'), binary('ä'), ['body retyped']],
    ['the text of bytes', binary('ä'), text('ä'), ['body retyped']],
    ['another text', text('a'), text('b'), ['body changed']],
    ['a list as JSON', single([1]), text('[1]'), ['body retyped']],
    ['a number as text', single(Number.NaN), text('NaN'), ['body retyped']],
    ['a sequence as a list', { kind: 'sequence', items: [1] }, single([1]), ['body changed']],
    ['what JSON has no number for', single([Number.NaN]), text('[null]'), ['body changed']],
    [
      'keys of one text',
      single(
        new Map<ContentValue, null>([
          [1, null],
          ['1', null],
        ]),
      ),
      text('{"1":null,"1":null}'),
      ['body changed'],
    ],
    ['no time', single(new Date(Number.NaN)), text(''), ['body changed']],
  ])('%s', (_, sent, received, losses) => {
    expect(changes({ body: sent }, { body: received })).toEqual(losses);
  });
});

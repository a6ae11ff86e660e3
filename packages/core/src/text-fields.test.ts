import { describe, expect, test } from 'vitest';
import type { Content } from './content.js';
import { TextFields } from './text-fields.js';

const FIELDS = new TextFields(
  {
    messageId: 'Id',
    userId: 'User',
    subject: 'Subject',
    contentEncoding: 'Encoding',
    creationTime: 'Time',
    groupId: 'Group',
    groupSequence: 'Sequence',
    replyToGroupId: 'ReplyGroup',
  },
  ['broker'],
);
const body = { kind: 'text', text: '' } as const;

function write(content: Partial<Content>) {
  return FIELDS.write({ properties: [], body, ...content });
}

const ALL = {
  messageId: 'm',
  userId: 'u',
  subject: 's',
  contentEncoding: 'e',
  creationTime: -5,
  groupId: 'g',
  groupSequence: 4_294_967_295,
  replyToGroupId: 'r',
};

describe('fields', () => {
  test('have a pair each, and come back', () => {
    const pairs = write(ALL);
    expect(pairs).toEqual([
      ['Id', 'm'],
      ['User', 'u'],
      ['Subject', 's'],
      ['Encoding', 'e'],
      ['Time', '-5'],
      ['Group', 'g'],
      ['Sequence', '4294967295'],
      ['ReplyGroup', 'r'],
    ]);
    expect(FIELDS.read(pairs, true)).toEqual({ ...ALL, properties: [] });
  });

  test.each([
    ['Time', 'soon'],
    ['Time', ''],
    ['Time', '12345678901234567'],
    ['Sequence', '-1'],
    ['Sequence', '4294967296'],
    ['Sequence', '1.5'],
  ])('a %s of %j stays a property', (name, text) => {
    expect(FIELDS.read([[name, text]], true)).toEqual({ properties: [[name, text]] });
  });

  test('that repeat stay properties from the second on', () => {
    const pairs: [string, string][] = [
      ['Subject', '1'],
      ['Subject', '2'],
    ];
    expect(FIELDS.read(pairs, true)).toEqual({ subject: '1', properties: [['Subject', '2']] });
  });
});

describe('annotations', () => {
  test('keep the names that say what they are; others are marked', () => {
    const annotations: Content['annotations'] = [
      ['x-opt-a', 1],
      ['other', 'b'],
      ['x-opt-a', null],
    ];
    const pairs = write({ annotations });
    expect(pairs).toEqual([
      ['x-opt-a', '1'],
      ['JMS_AMQP_MA_other', 'b'],
      ['x-opt-a', ''],
    ]);
    expect(FIELDS.read(pairs, false)).toEqual({
      annotations: [
        ['x-opt-a', '1'],
        ['other', 'b'],
        ['x-opt-a', ''],
      ],
      properties: [],
    });
  });
});

describe('properties', () => {
  test.each([
    ['Subject', 'property-Subject'],
    ['broker', 'property-broker'],
    ['property-broker', 'property-property-broker'],
    ['x-opt-a', 'property-x-opt-a'],
    ['JMS_AMQP_MA_a', 'property-JMS_AMQP_MA_a'],
    ['x-dead-letter-reason', 'property-x-dead-letter-reason'],
    ['x-opt-dead-letter-reason', 'property-x-opt-dead-letter-reason'],
    ['property-other', 'property-other'],
    ['property-', 'property-'],
    ['other', 'other'],
    ['', ''],
    ['__proto__', '__proto__'],
  ])('named %j are written as %j and get their name back', (name, written) => {
    const pairs = write({ properties: [[name, 'v']] });
    expect(pairs).toEqual([[written, 'v']]);
    expect(FIELDS.read(pairs, false)).toEqual({ properties: [[name, 'v']] });
  });

  test('that are no texts become readable ones', () => {
    const properties: Content['properties'] = [
      ['a', 1.5],
      ['a', 12345678901234567890n],
      ['b', true],
      ['c', null],
      ['d', new Date(0)],
      ['e', new Uint8Array([1, 2, 3])],
    ];
    expect(write({ properties }).map(([, text]) => text)).toEqual([
      '1.5',
      '12345678901234567890',
      'true',
      '',
      '1970-01-01T00:00:00.000Z',
      'AQID',
    ]);
  });
});

describe('a sender', () => {
  const says = (name: string) => FIELDS.read([[name, 'v']], false);

  test('cannot say who he is', () => {
    expect(says('User')).toEqual({ properties: [['User', 'v']] });
    expect(write({ properties: [['User', 'v']] })).toEqual([['property-User', 'v']]);
  });

  test.each([
    'x-dead-letter-reason',
    'x-opt-dead-letter-reason',
    'JMS_AMQP_MA_x-dead-letter-reason',
    'JMS_AMQP_MA_x-opt-dead-letter-reason',
  ])('cannot say in %s why his message is a dead letter', (name) => {
    expect(says(name)).toEqual({ properties: [[name, 'v']] });
    expect(write({ properties: [[name, 'v']] })).toEqual([[`property-${name}`, 'v']]);
  });
});

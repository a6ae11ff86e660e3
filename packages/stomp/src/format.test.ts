import type { Content } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { stompFormat } from './format.js';
import { CONVERTED_FLAGS } from './stored-form.js';
import { FakeBroker } from './testing/fake-broker.js';
import { storedMessage } from './testing/stomp-peer.js';

const broker = new FakeBroker();
const view = (lines: string, body: string | Buffer = 'hello', flags = 2) =>
  stompFormat.view(storedMessage(broker, { lines, body, flags }));

/** What comes back when built content is read again. */
function again(content: Content): Content {
  const original = storedMessage(broker, {});
  const bytes = stompFormat.build(content, original);
  const message = storedMessage(broker, { flags: CONVERTED_FLAGS });
  message.bytes = bytes;
  message.end = bytes.length;
  return stompFormat.view(message);
}

describe('the view', () => {
  test('knows the headers that have a meaning', () => {
    const lines = [
      'correlation-id:c1',
      'reply-to:/queue/replies',
      'type:order',
      'content-type:application/json',
      'content-encoding:gzip',
      'JMSXGroupID:g',
      'JMSXGroupSeq:3',
      'timestamp:1700000000001',
      'amqp-message-id:m1',
      'colour:blue',
      'size:12',
    ];
    expect(view(`${lines.join('\n')}\n`, '{}')).toEqual({
      messageId: 'm1',
      subject: 'order',
      replyTo: 'queue://replies',
      correlationId: 'c1',
      contentType: 'application/json',
      contentEncoding: 'gzip',
      creationTime: 1_700_000_000_001,
      groupId: 'g',
      groupSequence: 3,
      properties: [
        ['colour', 'blue'],
        ['size', '12'],
      ],
      body: { kind: 'text', text: '{}' },
    });
  });

  test('unescapes as the version of the sender says', () => {
    const lines = 'a\\cb:c\\nd\n';
    expect(view(lines, '', 2).properties).toEqual([['a:b', 'c\nd']]);
    expect(view(lines, '', 0).properties).toEqual([['a\\cb', 'c\\nd']]);
  });

  test('takes the first of repeated headers', () => {
    expect(view('a:1\na:2\ntype:x\ntype:y\n')).toMatchObject({
      subject: 'x',
      properties: [['a', '1']],
    });
  });

  test('leaves what it cannot read among the properties', () => {
    expect(view('reply-to:somewhere\ntimestamp:soon\nJMSXGroupSeq:-1\n').properties).toEqual([
      ['reply-to', 'somewhere'],
      ['timestamp', 'soon'],
      ['JMSXGroupSeq', '-1'],
    ]);
  });

  test('treats names of the language as any other', () => {
    expect(view('__proto__:1\nconstructor:2\n').properties).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  test('has bytes for a body that is none', () => {
    const body = Buffer.from('ff00ff', 'hex');
    expect(view('', body).body).toEqual({ kind: 'binary', bytes: body });
  });
});

describe('building', () => {
  test('is the reverse of the view', () => {
    const content: Content = {
      messageId: 'm',
      subject: 's',
      replyTo: 'topic://r',
      correlationId: 'c:1\n',
      contentType: 'text/plain',
      contentEncoding: 'identity',
      creationTime: 5,
      groupId: 'g',
      groupSequence: 7,
      replyToGroupId: 'h',
      annotations: [['x-opt-a', 'b']],
      properties: [
        ['a:b', 'c\\d\r\n'],
        ['ü', '☃'],
      ],
      body: { kind: 'text', text: 'grüß' },
    };
    expect(again(content)).toEqual(content);
  });

  test('writes values and sequences as JSON', () => {
    const body = { kind: 'sequence' as const, items: [1, ['a'], new Map([['b', null]])] };
    expect(again({ properties: [], body })).toMatchObject({
      contentType: 'application/json',
      body: { kind: 'text', text: '[1,["a"],{"b":null}]' },
    });
    expect(again({ properties: [], body: { kind: 'value', value: false } })).toMatchObject({
      body: { kind: 'text', text: 'false' },
    });
  });

  test('writes typed properties as text', () => {
    const properties: Content['properties'] = [
      ['number', 1.5],
      ['bigint', 12345678901234567890n],
      ['boolean', true],
      ['date', new Date(1000)],
      ['bytes', Buffer.from('hi')],
      ['null', null],
    ];
    const body = { kind: 'binary' as const, bytes: Buffer.from('00', 'hex') };
    expect(again({ properties, body }).properties).toEqual([
      ['number', '1.5'],
      ['bigint', '12345678901234567890'],
      ['boolean', 'true'],
      ['date', '1970-01-01T00:00:01.000Z'],
      ['bytes', 'aGk='],
      ['null', ''],
    ]);
  });

  test('keeps the bytes of a binary correlation id', () => {
    const body = { kind: 'text' as const, text: '' };
    const binary = Buffer.from('00ff10', 'hex');
    expect(again({ correlationId: binary, properties: [], body }).correlationId).toEqual(binary);
    const text = Buffer.from('abc');
    expect(again({ correlationId: text, properties: [], body }).correlationId).toEqual(text);
  });

  test('renames properties that would pretend to be headers of the broker', () => {
    const properties: Content['properties'] = [
      ['ack', '1'],
      ['redelivered', 'true'],
      ['x-dead-letter-reason', 'none'],
      ['', 'x'],
    ];
    const body = { kind: 'text' as const, text: '' };
    const bytes = stompFormat.build({ properties, body }, storedMessage(broker, {}));
    expect(bytes.toString()).toMatch(
      /\nproperty-ack:1\nproperty-redelivered:true\nproperty-x-dead-letter-reason:none\nproperty-:x\n$/,
    );
    expect(again({ properties, body }).properties).toEqual(properties);
  });

  test('says that a body is text when nothing else does', () => {
    const content: Content = {
      contentType: 'application/octet-stream',
      properties: [],
      body: { kind: 'text', text: 'a\0b' },
    };
    expect(again(content)).toMatchObject(content);
  });

  test('believes what the broker wrote of the user, and no sender', () => {
    const body = { kind: 'text' as const, text: '' };
    expect(again({ userId: 'shop', properties: [], body })).toMatchObject({
      userId: 'shop',
      properties: [],
    });
    expect(view('JMSXUserID:admin\n')).toMatchObject({ properties: [['JMSXUserID', 'admin']] });
    expect(view('JMSXUserID:admin\n').userId).toBeUndefined();
  });

  test('says when the message was made, or when the broker took it', () => {
    const body = { kind: 'text' as const, text: '' };
    expect(again({ properties: [], body }).creationTime).toBe(1_700_000_000_000);
  });
});

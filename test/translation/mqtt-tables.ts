import { binary, type FieldTable, HEAD_IN, HEAD_OUT, text } from './field-row.js';
import {
  annotationsRow,
  CONTENT_ENCODING,
  GROUP_ID,
  GROUP_SEQUENCE,
  headerRow,
  propertyTexts,
  REPLY_TO_GROUP,
  type TextHeaders,
} from './text-headers.js';

const USER_PROPERTIES: TextHeaders = {
  title: (name) => `user property \`${name}\``,
  wire: (name) => `user property ${name}`,
};

const TOO_LONG = 'x'.repeat(65_536);

export const MQTT3_TABLE: FieldTable = {
  dialect: 'mqtt3',
  head: ['field', HEAD_IN, HEAD_OUT],
  rows: [
    {
      name: 'payload',
      into: 'a binary body',
      out: 'the bytes of the body: text as UTF-8, lists and maps as JSON, other values as their text',
      covers: ['body text', 'body binary', 'body value', 'body sequence'],
      reads: [{ sent: { body: Buffer.from('ä') }, content: { body: binary('ä') } }],
      writes: [
        { content: { body: text('ä') }, body: binary('ä') },
        { content: { body: binary(Buffer.of(0, 255)) }, body: binary(Buffer.of(0, 255)) },
        { content: { body: { kind: 'value', value: [1, null] } }, body: binary('[1,null]') },
        { content: { body: { kind: 'value', value: 1.5 } }, body: binary('1.5') },
        { content: { body: { kind: 'sequence', items: ['a'] } }, body: binary('["a"]') },
      ],
    },
    {
      name: 'QoS',
      into: 'durable from QoS 1 on',
      out: 'as in MQTT 5',
      covers: ['durable'],
      reads: [
        { sent: { durable: true }, wire: [['QoS', '1']], envelope: { durable: true } },
        { sent: { durable: false }, wire: [['QoS', '0']], envelope: { durable: false } },
      ],
      writes: [
        { envelope: { durable: true }, wire: [['QoS', '1']] },
        { envelope: { durable: false }, wire: [['QoS', '0']] },
      ],
    },
    {
      name: '',
      into: '',
      out: 'nothing else: all other fields, properties and annotations are lost',
      covers: [
        'messageId',
        'userId',
        'subject',
        'replyTo',
        'correlationId',
        'contentType',
        'contentEncoding',
        'creationTime',
        'groupId',
        'groupSequence',
        'replyToGroupId',
        'annotations',
        'properties',
        'priority',
        'expiresAt',
      ],
      writes: [
        {
          content: { subject: 's', properties: [['a', 'b']], contentType: 'a/b', body: text('x') },
          envelope: { priority: 9, expiresAt: 5000 },
          body: binary('x'),
          lacks: ['content type', 'message expiry', 'user property a', 'user property JMSType'],
        },
      ],
    },
  ],
};

export const MQTT5_TABLE: FieldTable = {
  dialect: 'mqtt5',
  head: ['field', HEAD_IN, HEAD_OUT],
  rows: [
    {
      name: 'payload',
      into:
        'text when the payload format indicator is 1 or the content type is textual (`text/*`, JSON, XML, ' +
        'JavaScript, in UTF-8), and the bytes are UTF-8; else binary',
      out: 'text as UTF-8, binary as it is; lists and maps as JSON with its content type, other values as their text',
      covers: ['body text', 'body binary', 'body value', 'body sequence'],
      reads: [
        { sent: { bodyType: 'text' }, content: { body: text('body') } },
        { sent: { contentType: 'application/json' }, content: { body: text('body') } },
        { sent: { contentType: 'a/b+xml' }, content: { body: text('body') } },
        { sent: {}, content: { body: binary('body') } },
        {
          sent: { contentType: 'text/plain', body: Buffer.of(255) },
          content: { body: binary(Buffer.of(255)) },
        },
        {
          sent: { contentType: 'text/plain;charset=iso-8859-1' },
          content: { body: binary('body') },
        },
      ],
      writes: [
        { content: { body: text('ä') }, body: text('ä') },
        { content: { body: binary(Buffer.of(0, 255)) }, body: binary(Buffer.of(0, 255)) },
        {
          content: { body: { kind: 'value', value: new Map([['a', [1, null]]]) } },
          body: text('{"a":[1,null]}'),
          wire: [['content type', 'application/json']],
        },
        { content: { body: { kind: 'value', value: true } }, body: text('true') },
        {
          content: { body: { kind: 'sequence', items: [1, 'a'] } },
          body: text('[1,"a"]'),
          wire: [['content type', 'application/json']],
        },
      ],
    },
    {
      name: 'payload format indicator',
      into: 'see payload',
      out: '1 for text, absent for binary',
      reads: [{ sent: { bodyType: 'text' }, wire: [['payload format indicator', '1']] }],
      writes: [
        { content: { body: text('a') }, wire: [['payload format indicator', '1']] },
        { content: { body: binary('a') }, lacks: ['payload format indicator'] },
      ],
    },
    {
      name: 'content type',
      into: 'content type',
      out: 'content type; of text, a `charset` becomes `utf-8`, which the payload now is',
      covers: ['contentType'],
      reads: [
        {
          sent: { contentType: 'a/b' },
          wire: [['content type', 'a/b']],
          content: { contentType: 'a/b' },
        },
      ],
      writes: [
        { content: { contentType: 'a/b' }, wire: [['content type', 'a/b']] },
        {
          content: { contentType: 'text/plain;charset=latin1', body: text('ä') },
          wire: [['content type', 'text/plain;charset=utf-8']],
        },
      ],
    },
    {
      name: 'response topic',
      into: 'reply-to, as the address of a queue or a topic',
      out: 'response topic',
      covers: ['replyTo'],
      reads: [
        {
          sent: { replyTo: 'topic://a.b' },
          wire: [['response topic', 'a/b']],
          content: { replyTo: 'topic://a.b' },
        },
        {
          sent: { replyTo: 'queue://a.b' },
          wire: [['response topic', '$queue/a.b']],
          content: { replyTo: 'queue://a.b' },
        },
      ],
      writes: [
        { content: { replyTo: 'topic://a.b' }, wire: [['response topic', 'a/b']] },
        { content: { replyTo: 'queue://a.b' }, wire: [['response topic', '$queue/a.b']] },
      ],
    },
    {
      name: 'correlation data',
      into: 'correlation id: text when it is UTF-8 without control codes, else bytes',
      out: 'its bytes',
      covers: ['correlationId'],
      reads: [
        {
          sent: { correlationId: 'ä' },
          wire: [['correlation data', 'ä']],
          content: { correlationId: 'ä' },
        },
        { sent: { correlationId: '\u0001' }, content: { correlationId: Buffer.of(1) } },
      ],
      writes: [
        { content: { correlationId: 'ä' }, wire: [['correlation data', 'ä']] },
        { content: { correlationId: Buffer.of(0, 255) }, wire: [['correlation data', '0x00ff']] },
      ],
    },
    {
      name: 'user properties',
      into: 'properties, in order, repetitions included',
      out:
        'those that fit into an MQTT string, in order; numbers, booleans and times as text, bytes in Base64, ' +
        'null as an empty text',
      covers: ['properties'],
      reads: [
        {
          sent: {
            headers: [
              ['b', '1'],
              ['a', '2'],
              ['b', '3'],
            ],
          },
          wire: [
            ['user property b', '1'],
            ['user property b', '3'],
          ],
          content: {
            properties: [
              ['b', '1'],
              ['a', '2'],
              ['b', '3'],
            ],
          },
        },
      ],
      writes: [
        propertyTexts(USER_PROPERTIES),
        {
          content: { properties: [['long', TOO_LONG]] },
          lacks: ['user property long'],
        },
      ],
    },
    ...[
      {
        name: 'JMSMessageID',
        field: 'messageId',
        into: 'message id',
        text: 'm',
        value: 'm',
      } as const,
      { name: 'JMSType', field: 'subject', into: 'subject', text: 's', value: 's' } as const,
      {
        name: 'JMSTimestamp',
        field: 'creationTime',
        into: 'creation time, milliseconds since 1970',
        text: '5',
        value: 5,
      } as const,
      ...[CONTENT_ENCODING, GROUP_ID, GROUP_SEQUENCE, REPLY_TO_GROUP],
    ].map((header) => headerRow(USER_PROPERTIES, header)),
    {
      name: 'user property `JMSPriority`',
      into: 'priority 0 to 9',
      out: 'when it is not 4',
      covers: ['priority'],
      reads: [
        {
          sent: { priority: 9 },
          wire: [['user property JMSPriority', '9']],
          envelope: { priority: 9 },
          content: { properties: [] },
        },
      ],
      writes: [
        { envelope: { priority: 9 }, wire: [['user property JMSPriority', '9']] },
        { envelope: { priority: 4 }, lacks: ['user property JMSPriority'] },
      ],
    },
    annotationsRow('user properties `x-opt-*`, `JMS_AMQP_MA_*`', USER_PROPERTIES),
    {
      name: 'user property `JMSXUserID`',
      into: 'a property: a sender cannot say who he is',
      out: 'user id, as far as the broker knows that it is true',
      covers: ['userId'],
      reads: [
        {
          sent: { headers: [['JMSXUserID', 'admin']] },
          content: { properties: [['JMSXUserID', 'admin']] },
          lacks: ['userId'],
        },
      ],
      writes: [{ content: { userId: 'shop' }, wire: [['user property JMSXUserID', 'shop']] }],
      shownBy: ['comes from AMQP if it is the sender’s own'],
    },
    {
      name: 'user property `JMSReplyTo`',
      into: 'reply-to, when there is no response topic',
      out: 'a reply-to that is no topic name in MQTT',
      reads: [
        { sent: { headers: [['JMSReplyTo', 'topic://a.*']] }, content: { replyTo: 'topic://a.*' } },
      ],
      writes: [
        {
          content: { replyTo: 'topic://a.*' },
          wire: [['user property JMSReplyTo', 'topic://a.*']],
          lacks: ['response topic'],
        },
      ],
    },
    {
      name: 'user property `property-` and one of these names',
      into: 'the property of that name',
      out: 'a property of that name, so that nobody can forge another field',
      reads: [
        {
          sent: { headers: [['property-JMSType', 'x']] },
          content: { properties: [['JMSType', 'x']] },
          lacks: ['subject'],
        },
      ],
      writes: [
        {
          content: {
            properties: [
              ['JMSType', 'x'],
              ['x-dead-letter-reason', 'y'],
            ],
          },
          wire: [
            ['user property property-JMSType', 'x'],
            ['user property property-x-dead-letter-reason', 'y'],
          ],
          lacks: ['user property JMSType', 'user property x-dead-letter-reason'],
        },
      ],
    },
    {
      name: 'user properties `x-dead-letter-*`',
      into: 'properties',
      out: 'annotations of dead letters',
      reads: [
        {
          sent: { headers: [['x-dead-letter-reason', 'none']] },
          content: { properties: [['x-dead-letter-reason', 'none']] },
        },
      ],
      writes: [
        {
          annotations: [['x-dead-letter-reason', 'why']],
          wire: [['user property x-dead-letter-reason', 'why']],
        },
      ],
      shownBy: ['a NACK with requeue:false makes a dead letter that says why, to MQTT as well'],
    },
    {
      name: 'message expiry interval',
      into: 'expiry time',
      out: 'the seconds that are left, at least 1',
      covers: ['expiresAt'],
      reads: [
        {
          sent: { expiresAt: 5000 },
          wire: [['message expiry', '1970-01-01T00:00:05.000Z']],
          envelope: { expiresAt: 5000 },
        },
      ],
      writes: [
        { envelope: { expiresAt: 5000 }, wire: [['message expiry', '1970-01-01T00:00:05.000Z']] },
      ],
      shownBy: ['when it expires', 'expires becomes the seconds that are left'],
    },
    {
      name: 'QoS',
      into: 'durable from QoS 1 on',
      out: 'MQTT messages: as published; others: 1 when durable, 0 when not; at most what was granted',
      covers: ['durable'],
      reads: [
        { sent: { durable: true }, wire: [['QoS', '1']], envelope: { durable: true } },
        { sent: { durable: false }, wire: [['QoS', '0']], envelope: { durable: false } },
      ],
      writes: [
        { envelope: { durable: true }, wire: [['QoS', '1']] },
        { envelope: { durable: false }, wire: [['QoS', '0']] },
      ],
      shownBy: ['whether it is durable: %s'],
    },
    {
      name: 'topic',
      into: 'the address',
      out: 'the address; a topic with `*` or `>` inside a level has no name in MQTT',
      writes: [{ destination: 'prices/eur' }],
      shownBy: ['names of every kind lead to the same topic and queue'],
    },
    {
      name: 'RETAIN',
      into: 'the topic keeps the message; at a queue it means nothing',
      out: 'set on what a topic had kept, and as published when an MQTT 5 subscription asks',
      shownBy: ['STOMP sees retained messages when it asks for them, and changes none'],
    },
    {
      name: 'DUP',
      into: 'nothing',
      out: 'speaks of packets of one session, not of deliveries of a message by a queue',
      shownBy: ['what STOMP gave back comes to MQTT as a packet of its own, without DUP'],
    },
  ],
};

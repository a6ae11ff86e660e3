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

const HEADERS: TextHeaders = { title: (name) => `\`${name}\``, wire: (name) => name };

export const STOMP_TABLE: FieldTable = {
  dialect: 'stomp',
  head: ['header', HEAD_IN, HEAD_OUT],
  rows: [
    {
      name: 'body',
      into:
        '`amq-msg-type` decides, then `content-type`, then whether the bytes are UTF-8 without zero bytes: ' +
        '`content-length` says nothing',
      out:
        'text as UTF-8, or as Latin-1 when the content type says so; binary as it is; lists and maps as JSON with its ' +
        'content type, other values as their text',
      covers: ['body text', 'body binary', 'body value', 'body sequence'],
      reads: [
        {
          sent: { bodyType: 'binary', contentType: 'text/plain' },
          content: { body: binary('body') },
        },
        { sent: { contentType: 'text/plain' }, content: { body: text('body') } },
        { sent: { contentType: 'image/png' }, content: { body: binary('body') } },
        {
          sent: { contentType: 'text/plain;charset=latin1', body: Buffer.of(0xe4) },
          content: { body: text('ä') },
        },
        { sent: {}, content: { body: text('body') } },
        { sent: { body: Buffer.of(0) }, content: { body: binary(Buffer.of(0)) } },
      ],
      writes: [
        { content: { body: text('ä') }, body: text('ä') },
        {
          content: { contentType: 'text/plain;charset=latin1', body: text('ä') },
          body: text('ä'),
          wire: [['content-type', 'text/plain;charset=latin1']],
        },
        { content: { body: binary(Buffer.of(0, 255)) }, body: binary(Buffer.of(0, 255)) },
        {
          content: { body: { kind: 'value', value: new Map([['a', [1, null]]]) } },
          body: text('{"a":[1,null]}'),
          wire: [['content-type', 'application/json']],
        },
        { content: { body: { kind: 'value', value: true } }, body: text('true') },
        {
          content: { body: { kind: 'sequence', items: [1, 'a'] } },
          body: text('[1,"a"]'),
          wire: [['content-type', 'application/json']],
        },
      ],
    },
    {
      name: '`amq-msg-type`',
      into: 'see body: `text` or `bytes`',
      out: '`text`, when nothing else says that the body is text',
      reads: [
        { sent: { bodyType: 'text', body: Buffer.from('a\0') }, content: { body: text('a\0') } },
      ],
      writes: [
        {
          content: { contentType: 'image/png', body: text('a') },
          wire: [['amq-msg-type', 'text']],
          body: text('a'),
        },
        { content: { body: text('a') }, lacks: ['amq-msg-type'] },
      ],
    },
    {
      name: '`content-type`',
      into: 'content type',
      out: 'the same',
      covers: ['contentType'],
      reads: [
        {
          sent: { contentType: 'a/b' },
          wire: [['content-type', 'a/b']],
          content: { contentType: 'a/b' },
        },
      ],
      writes: [{ content: { contentType: 'a/b' }, wire: [['content-type', 'a/b']] }],
    },
    {
      name: '`content-length`',
      into: 'read, not kept',
      out: 'always there',
      reads: [{ sent: {}, content: { properties: [] } }],
      shownBy: ['the content type'],
    },
    {
      name: '`reply-to`',
      into: 'reply-to when it names a destination of ours; else a property',
      out: '`/queue/...` or `/topic/...`',
      covers: ['replyTo'],
      reads: [
        {
          sent: { replyTo: 'queue://a' },
          wire: [['reply-to', '/queue/a']],
          content: { replyTo: 'queue://a' },
        },
        {
          sent: { headers: [['reply-to', 'somewhere']] },
          content: { properties: [['reply-to', 'somewhere']] },
          lacks: ['replyTo'],
        },
      ],
      writes: [
        { content: { replyTo: 'queue://a' }, wire: [['reply-to', '/queue/a']] },
        { content: { replyTo: 'topic://a.b' }, wire: [['reply-to', '/topic/a.b']] },
      ],
    },
    {
      name: '`correlation-id`',
      into: 'correlation id; `ID:AMQP_BINARY:` and hexadecimal digits are bytes',
      out: 'text, or that form for bytes',
      covers: ['correlationId'],
      reads: [
        {
          sent: { correlationId: 'c' },
          wire: [['correlation-id', 'c']],
          content: { correlationId: 'c' },
        },
        {
          sent: { correlationId: 'ID:AMQP_BINARY:00FF' },
          content: { correlationId: Buffer.of(0, 255) },
        },
      ],
      writes: [
        { content: { correlationId: 'c' }, wire: [['correlation-id', 'c']] },
        {
          content: { correlationId: Buffer.of(0, 255) },
          wire: [['correlation-id', 'ID:AMQP_BINARY:00FF']],
        },
      ],
    },
    ...[
      {
        name: 'amqp-message-id',
        field: 'messageId',
        into: 'message id',
        text: 'm',
        value: 'm',
      } as const,
      { name: 'type', field: 'subject', into: 'subject', text: 's', value: 's' } as const,
      {
        name: 'timestamp',
        field: 'creationTime',
        into: 'creation time when it is a number, else a property',
        out: 'creation time, or when the broker took the message',
        text: '5',
        value: 5,
        wrong: 'none',
      } as const,
      CONTENT_ENCODING,
      GROUP_ID,
      {
        ...GROUP_SEQUENCE,
        into: 'group sequence when it is a number from 0 to 4294967295, else a property',
        wrong: 'none',
      },
      REPLY_TO_GROUP,
    ].map((header) => headerRow(HEADERS, header)),
    annotationsRow('`x-opt-*`, `JMS_AMQP_MA_*`', HEADERS),
    {
      name: '`JMSXUserID`',
      into: 'kept as `property-JMSXUserID`: a sender cannot say who he is',
      out: 'user id, as far as the broker knows that it is true',
      covers: ['userId'],
      reads: [
        {
          sent: { headers: [['JMSXUserID', 'admin']] },
          wire: [['property-JMSXUserID', 'admin']],
          content: { properties: [['JMSXUserID', 'admin']] },
          lacks: ['userId'],
        },
      ],
      writes: [{ content: { userId: 'shop' }, wire: [['JMSXUserID', 'shop']] }],
      shownBy: ['comes from AMQP if it is the sender’s own'],
    },
    {
      name: '`x-dead-letter-*`',
      into: 'kept as `property-` and the name: a sender cannot speak for the broker',
      out: 'annotations of dead letters',
      reads: [
        {
          sent: { headers: [['x-dead-letter-reason', 'none']] },
          wire: [['property-x-dead-letter-reason', 'none']],
          content: { properties: [['x-dead-letter-reason', 'none']] },
        },
      ],
      writes: [
        {
          annotations: [['x-dead-letter-reason', 'why']],
          wire: [['x-dead-letter-reason', 'why']],
        },
      ],
      shownBy: ['what its receiver rejected is a dead letter'],
    },
    {
      name: 'any other',
      into: 'a property; of a name that repeats the first counts',
      out:
        'a property: numbers, booleans and times as text, bytes in Base64, null as an empty text; when a name repeats, ' +
        'receivers see the first',
      covers: ['properties'],
      reads: [
        {
          sent: {
            headers: [
              ['b:c', '1\n'],
              ['a', '2'],
              ['b:c', '3'],
            ],
          },
          content: {
            properties: [
              ['b:c', '1\n'],
              ['a', '2'],
            ],
          },
        },
      ],
      writes: [propertyTexts(HEADERS)],
    },
    {
      name: '`property-` and the name of a header of this table',
      into: 'the property of that name',
      out: 'a property of that name, so that nobody can forge a delivery',
      reads: [
        {
          sent: { headers: [['property-type', 'x']] },
          content: { properties: [['type', 'x']] },
          lacks: ['subject'],
        },
      ],
      writes: [
        {
          content: {
            properties: [
              ['ack', '1'],
              ['message-id', '2'],
              ['redelivered', 'true'],
            ],
          },
          wire: [
            ['property-ack', '1'],
            ['property-message-id', '2'],
            ['property-redelivered', 'true'],
          ],
          lacks: ['ack', 'message-id', 'redelivered'],
        },
      ],
    },
    {
      name: '`persistent`',
      into: 'durable; without it what goes to a queue is durable and what goes to a topic is not',
      out: '`persistent:true`, or nothing',
      covers: ['durable'],
      reads: [
        { sent: { durable: true }, wire: [['persistent', 'true']], envelope: { durable: true } },
        { sent: { durable: false }, envelope: { durable: false } },
      ],
      writes: [
        { envelope: { durable: true }, wire: [['persistent', 'true']] },
        { envelope: { durable: false }, lacks: ['persistent'] },
      ],
      shownBy: [
        'whether it is durable: %s',
        'to a topic without a persistent header, the QoS is 0; through a queue it is 1',
      ],
    },
    {
      name: '`priority`',
      into: 'priority 0 to 9',
      out: 'when it is not 4',
      covers: ['priority'],
      reads: [{ sent: { priority: 9 }, wire: [['priority', '9']], envelope: { priority: 9 } }],
      writes: [
        { envelope: { priority: 9 }, wire: [['priority', '9']] },
        { envelope: { priority: 4 }, lacks: ['priority'] },
      ],
      shownBy: ['a priority is kept between STOMP clients'],
    },
    {
      name: '`expires`',
      into: 'expiry time, milliseconds since 1970; 0 for never',
      out: 'the same',
      covers: ['expiresAt'],
      reads: [
        { sent: { expiresAt: 5000 }, wire: [['expires', '5000']], envelope: { expiresAt: 5000 } },
      ],
      writes: [{ envelope: { expiresAt: 5000 }, wire: [['expires', '5000']] }],
      shownBy: ['when it expires', 'what has expired reaches nobody'],
    },
    {
      name: '`destination`, `message-id`, `subscription`, `ack`, `redelivered`',
      into: 'not kept: the broker writes its own',
      out: "`message-id` is the broker's, the same over redeliveries; `redelivered:true` on what may have been delivered before",
      reads: [
        {
          sent: {
            headers: [
              ['message-id', '1'],
              ['subscription', '2'],
              ['ack', '3'],
              ['redelivered', 'true'],
            ],
          },
          content: { properties: [] },
        },
      ],
      writes: [{ destination: '/topic/prices.eur' }],
      shownBy: ['what its receiver gave back comes to another, flagged'],
    },
    {
      name: '`receipt`, `transaction`',
      into: 'of one hop',
      out: 'nothing',
      reads: [
        {
          sent: {
            headers: [
              ['receipt', '1'],
              ['transaction', '2'],
            ],
          },
          content: { properties: [] },
        },
      ],
    },
    {
      name: '`AMQ_SCHEDULED_DELAY`',
      into: 'milliseconds for which nobody gets the message',
      out: "nothing: it is of the sender's hop",
      reads: [{ sent: { headers: [['AMQ_SCHEDULED_DELAY', '5']] }, content: { properties: [] } }],
      shownBy: ['a delay that AMQP or STOMP asks for holds for everybody'],
    },
  ],
};

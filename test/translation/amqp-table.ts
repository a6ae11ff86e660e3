import { binary, type FieldTable, HEAD_IN, HEAD_OUT, text } from './field-row.js';

export const AMQP_TABLE: FieldTable = {
  dialect: 'amqp',
  head: ['section and field', HEAD_IN, HEAD_OUT],
  rows: [
    {
      name: 'header: durable',
      into: 'durable; absent for not',
      out: 'the same',
      covers: ['durable'],
      reads: [
        { sent: { durable: true }, wire: [['durable', 'true']], envelope: { durable: true } },
        { sent: { durable: false }, envelope: { durable: false } },
      ],
      writes: [
        { envelope: { durable: true }, wire: [['durable', 'true']] },
        { envelope: { durable: false }, lacks: ['durable'] },
      ],
      shownBy: ['whether it is durable: %s'],
    },
    {
      name: 'header: priority',
      into: 'priority; above 9 it is 9',
      out: 'the same',
      covers: ['priority'],
      reads: [{ sent: { priority: 9 }, wire: [['priority', '9']], envelope: { priority: 9 } }],
      writes: [{ envelope: { priority: 9 }, wire: [['priority', '9']] }],
      shownBy: ['every field and property arrives'],
    },
    {
      name: 'header: ttl; properties: absolute-expiry-time',
      into: 'expiry time: the earlier of both; 0 is for never',
      out: 'what is left as ttl, and the time',
      covers: ['expiresAt'],
      reads: [
        {
          sent: { expiresAt: 5000 },
          wire: [['expires', '1970-01-01T00:00:05.000Z']],
          envelope: { expiresAt: 5000 },
        },
      ],
      writes: [
        {
          envelope: { expiresAt: 5000 },
          wire: [
            ['expires', '1970-01-01T00:00:05.000Z'],
            ['absolute-expiry-time', '"1970-01-01T00:00:05.000Z"'],
          ],
        },
      ],
      shownBy: ['when it expires'],
    },
    {
      name: 'header: first-acquirer, delivery-count',
      into: 'nothing: the broker counts itself',
      out: 'whether it may have been delivered before, and how often that failed',
      shownBy: [
        'what its receiver gave back comes to another, flagged',
        'failed deliveries are counted over protocols',
      ],
    },
    {
      name: 'delivery-annotations',
      into: 'nothing: they are for one hop',
      out: 'none',
      shownBy: [
        'delivery annotations end with their hop; message annotations go on to AMQP receivers',
      ],
    },
    {
      name: 'message-annotations `x-opt-jms-*`',
      into: 'which kind of address a reply-to is, and whether a body of bytes is text',
      out: 'what the message, its address and its reply-to are for JMS',
      writes: [
        {
          content: { body: text('a'), replyTo: 'topic://a' },
          wire: [
            ['annotation x-opt-jms-msg-type', '5'],
            ['annotation x-opt-jms-dest', '1'],
            ['annotation x-opt-jms-reply-to', '1'],
          ],
        },
        { content: { body: binary('a') }, wire: [['annotation x-opt-jms-msg-type', '3']] },
      ],
      shownBy: ['from %s: %s'],
    },
    {
      name: 'message-annotations `x-opt-delivery-*`',
      into: 'obeyed: not before then',
      out: 'none',
      writes: [
        {
          content: { annotations: [['x-opt-delivery-delay', '5']] },
          lacks: ['annotation x-opt-delivery-delay'],
        },
      ],
      shownBy: ['a delay that AMQP or STOMP asks for holds for everybody'],
    },
    {
      name: 'message-annotations `x-opt-dead-letter-*`',
      into: 'annotations, which other protocols show as `JMS_AMQP_MA_x-opt-dead-letter-*`',
      out: "the broker's annotations of dead letters, and nobody else's",
      writes: [
        {
          content: { annotations: [['x-opt-dead-letter-reason', 'forged']] },
          lacks: ['annotation x-opt-dead-letter-reason'],
        },
      ],
      shownBy: ['what its receiver rejected is a dead letter'],
    },
    {
      name: 'message-annotations, others',
      into: 'annotations',
      out: 'the same, as far as their names are ASCII; of one that repeats the first counts',
      covers: ['annotations'],
      reads: [
        {
          sent: { headers: [['x-opt-a', '1']] },
          wire: [['annotation x-opt-a', '1']],
          content: { annotations: [['x-opt-a', '1']] },
        },
      ],
      writes: [
        {
          content: {
            annotations: [
              ['x-opt-a', 1],
              ['ä', 'x'],
            ],
          },
          wire: [['annotation x-opt-a', '1']],
          lacks: ['annotation ä'],
        },
      ],
    },
    ...[
      [
        'message-id',
        'JMSMessageID',
        'message id',
        'the same; `causeway:` and a number without one',
        'messageId',
        'm',
        'm',
      ],
      ['subject', 'JMSType', 'subject', 'the same', 'subject', 's', 's'],
      [
        'content-encoding',
        'content-encoding',
        'content encoding',
        'the same, as far as it is ASCII',
        'contentEncoding',
        'gzip',
        'gzip',
      ],
      ['group-id', 'JMSXGroupID', 'group id', 'the same', 'groupId', 'g', 'g'],
      ['group-sequence', 'JMSXGroupSeq', 'group sequence', 'the same', 'groupSequence', '7', 7],
      [
        'reply-to-group-id',
        'JMS_AMQP_ReplyToGroupID',
        'reply-to group id',
        'the same',
        'replyToGroupId',
        'h',
        'h',
      ],
    ].map(([name, header, into, out, field, word, value]) => ({
      name: `properties: ${name}`,
      into: into as string,
      out: out as string,
      covers: [field as 'subject'],
      reads: [
        {
          sent: { headers: [[header as string, word as string] as const] },
          wire: [[name as string, word as string] as const],
          content: { [field as string]: value },
        },
      ],
      writes: [
        {
          content: { [field as string]: value },
          wire: [[name as string, word as string] as const],
        },
      ],
    })),
    {
      name: 'properties: creation-time',
      into: 'creation time',
      out: 'the same, or when the broker took the message',
      covers: ['creationTime'],
      reads: [
        {
          sent: { headers: [['JMSTimestamp', '5']] },
          wire: [['creation-time', '"1970-01-01T00:00:00.005Z"']],
          content: { creationTime: 5 },
        },
      ],
      writes: [
        { content: { creationTime: 5 }, wire: [['creation-time', '"1970-01-01T00:00:00.005Z"']] },
        { wire: [['creation-time', '"1970-01-01T00:00:01.000Z"']] },
      ],
    },
    {
      name: 'properties: user-id',
      into: 'user id when it is the name of who logged in, else a property `JMSXUserID`',
      out: 'user id',
      covers: ['userId'],
      reads: [
        {
          sent: { headers: [['JMSXUserID', 'admin']] },
          wire: [['user-id', 'admin']],
          content: { properties: [['JMSXUserID', 'admin']] },
          lacks: ['userId'],
        },
      ],
      writes: [{ content: { userId: 'shop' }, wire: [['user-id', 'shop']] }],
      shownBy: ['comes from AMQP if it is the sender’s own'],
    },
    {
      name: 'properties: to',
      into: 'where the message goes, on a link to the anonymous terminus',
      out: 'the address',
      writes: [{ destination: 'topic://prices.eur', wire: [['to', 'topic://prices.eur']] }],
      shownBy: ['names of every kind lead to the same topic and queue'],
    },
    {
      name: 'properties: reply-to',
      into: 'reply-to; without `queue://` or `topic://` it is what JMS says, or a queue',
      out: 'the same',
      covers: ['replyTo'],
      reads: [
        {
          sent: { replyTo: 'topic://a' },
          wire: [['reply-to', 'topic://a']],
          content: { replyTo: 'topic://a' },
        },
        { sent: { replyTo: 'a' }, wire: [['reply-to', 'a']], content: { replyTo: 'queue://a' } },
      ],
      writes: [{ content: { replyTo: 'queue://a' }, wire: [['reply-to', 'queue://a']] }],
      shownBy: ['requests are answered at a destination that belongs to who asks'],
    },
    {
      name: 'properties: correlation-id',
      into: 'correlation id: text, or bytes; uuids and numbers as `ID:AMQP_UUID:` and `ID:AMQP_ULONG:` with their text',
      out: 'the same, in the type that such a text names',
      covers: ['correlationId'],
      reads: [
        {
          sent: { correlationId: 'c' },
          wire: [['correlation-id', 'c']],
          content: { correlationId: 'c' },
        },
        {
          sent: { correlationId: 'ID:AMQP_ULONG:7' },
          wire: [['correlation-id', '7']],
          content: { correlationId: 'ID:AMQP_ULONG:7' },
        },
      ],
      writes: [
        { content: { correlationId: 'c' }, wire: [['correlation-id', 'c']] },
        { content: { correlationId: Buffer.of(0, 255) }, wire: [['correlation-id', '0x00ff']] },
        {
          content: { correlationId: 'ID:AMQP_UUID:00112233-4455-6677-8899-aabbccddeeff' },
          wire: [['correlation-id', '00112233-4455-6677-8899-aabbccddeeff']],
        },
      ],
    },
    {
      name: 'properties: content-type',
      into: 'content type',
      out: 'the same, as far as it is ASCII',
      covers: ['contentType'],
      reads: [
        {
          sent: { contentType: 'a/b' },
          wire: [['content-type', 'a/b']],
          content: { contentType: 'a/b' },
        },
      ],
      writes: [
        { content: { contentType: 'a/b' }, wire: [['content-type', 'a/b']] },
        { content: { contentType: 'a/ä' }, lacks: ['content-type'] },
      ],
    },
    {
      name: 'application-properties',
      into: 'properties with their types; symbols and uuids as text',
      out: 'the same; of a name that repeats the first counts',
      covers: ['properties'],
      reads: [
        {
          sent: { headers: [['colour', 'red']] },
          wire: [['property colour', 'red']],
          content: { properties: [['colour', 'red']] },
        },
      ],
      writes: [
        {
          content: {
            properties: [
              ['number', 1.5],
              ['flag', true],
              ['number', 2],
            ],
          },
          wire: [
            ['property number', '1.5'],
            ['property flag', 'true'],
          ],
        },
      ],
    },
    {
      name: 'amqp-value',
      into: 'a string as text, binary as data; any other value with its type',
      out: 'text as a string; lists, maps, numbers, booleans, times and null as what they are',
      covers: ['body text', 'body value'],
      reads: [
        { sent: { bodyType: 'text' }, content: { body: text('body') } },
        { sent: { value: [1, null] }, content: { body: { kind: 'value', value: [1, null] } } },
      ],
      writes: [
        { content: { body: text('ä') }, body: text('ä') },
        {
          content: { body: { kind: 'value', value: new Map([['a', [1]]]) } },
          body: { kind: 'value', value: new Map([['a', [1]]]) },
        },
      ],
      shownBy: ['%s comes as it was sent'],
    },
    {
      name: 'data',
      into:
        'binary, all sections in one; text when the content type is textual and there is no content encoding, or JMS ' +
        'says so, and the bytes are UTF-8',
      out: 'binary',
      covers: ['body binary'],
      reads: [
        { sent: { bodyType: 'binary' }, content: { body: binary('body') } },
        {
          sent: { bodyType: 'binary', contentType: 'text/plain' },
          content: { body: text('body') },
        },
      ],
      writes: [{ content: { body: binary(Buffer.of(0, 255)) }, body: binary(Buffer.of(0, 255)) }],
    },
    {
      name: 'amqp-sequence',
      into: 'a sequence, all sections in one',
      out: 'the same',
      covers: ['body sequence'],
      writes: [
        {
          content: { body: { kind: 'sequence', items: [1, 'a'] } },
          body: { kind: 'sequence', items: [1, 'a'] },
        },
      ],
      shownBy: ['%s comes as it was sent'],
    },
    {
      name: 'footer',
      into: 'nothing: it is kept for AMQP receivers',
      out: 'none',
      shownBy: ['a footer stays with the bytes, and is nothing to other protocols'],
    },
  ],
};

import {
  type Body,
  type Content,
  FORMAT_IDS,
  type Message,
  type MessageFormat,
  plainBody,
  readIdentifier,
  TextFields,
  writeIdentifier,
} from '@causeway/core';
import { readBody, writeBody } from './body.js';
import { headerLine, visitHeaders } from './codec/header-block.js';
import { stomp12 } from './dialects.js';
import { replyToDestination, replyToUri } from './naming.js';
import {
  bodyStartOf,
  CONVERTED_FLAGS,
  isBuilt,
  LENGTH_BYTES,
  versionOf,
  writeLength,
} from './stored-form.js';

/** What converted messages are escaped for; `CONVERTED_FLAGS` says so to whoever delivers them. */
const BUILD_VERSION = 2;
/** Tells text from bytes; ActiveMQ's. */
const MESSAGE_TYPE = 'amq-msg-type';

/** The headers of fields, and further names that receivers or this broker know. */
const FIELDS = new TextFields(
  {
    messageId: 'amqp-message-id',
    userId: 'JMSXUserID',
    subject: 'type',
    contentEncoding: 'content-encoding',
    creationTime: 'timestamp',
    groupId: 'JMSXGroupID',
    groupSequence: 'JMSXGroupSeq',
    replyToGroupId: 'JMS_AMQP_ReplyToGroupID',
  },
  [
    '',
    'ack',
    'amq-msg-type',
    'content-length',
    'content-type',
    'correlation-id',
    'destination',
    'expires',
    'message-id',
    'persistent',
    'priority',
    'receipt',
    'redelivered',
    'reply-to',
    'subscription',
    'transaction',
  ],
);

/** STOMP messages: the sender's header lines and the body. */
export const stompFormat: MessageFormat = {
  id: FORMAT_IDS.stomp,
  name: 'stomp',
  builtFlags: CONVERTED_FLAGS,
  dialects: [stomp12],

  view(message: Message): Content {
    const { bytes, start, end, formatFlags } = message;
    const bodyStart = bodyStartOf(bytes, start);
    const headers = new Map<string, string>();
    visitHeaders(bytes, start + LENGTH_BYTES, bodyStart, versionOf(formatFlags), (name, value) => {
      // Of repeated headers the first counts (STOMP 1.2, Repeated Header Entries).
      if (!headers.has(name)) headers.set(name, value);
    });
    return readContent(headers, bytes.subarray(bodyStart, end), isBuilt(formatFlags));
  },

  build(content: Content, message: Message): Buffer {
    const plain = plainBody(content);
    const body = writeBody(plain.body, plain.contentType);
    let lines = buildLines(content, plain.contentType, message.timestamp);
    if (plain.body.kind === 'text' && readBody(body, plain.contentType).kind !== 'text') {
      lines += headerLine(MESSAGE_TYPE, 'text', BUILD_VERSION);
    }
    const head = Buffer.from(lines, 'utf8');
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    writeLength(length, 0, head.length);
    return Buffer.concat([length, head, body]);
  },
};

function readContent(headers: Map<string, string>, body: Buffer, isBuilt: boolean): Content {
  const contentType = take(headers, 'content-type');
  const messageType = take(headers, MESSAGE_TYPE);
  let readOnce: Body | undefined;
  return {
    ...given('replyTo', takeReplyTo(headers)),
    ...given('correlationId', readIdentifier(take(headers, 'correlation-id'))),
    ...given('contentType', contentType),
    ...FIELDS.read(headers, isBuilt),
    get body(): Body {
      readOnce ??= readBody(body, contentType, messageType);
      return readOnce;
    },
  };
}

function take(headers: Map<string, string>, name: string): string | undefined {
  const value = headers.get(name);
  headers.delete(name);
  return value;
}

/** A field that is left out when there is no value. */
function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: Value };
}

/** One that names no destination of ours stays a property. */
function takeReplyTo(headers: Map<string, string>): string | undefined {
  const uri = replyToUri(headers.get('reply-to') ?? '');
  if (uri === null) return undefined;
  headers.delete('reply-to');
  return uri;
}

function buildLines(content: Content, contentType: string | undefined, timestamp: number): string {
  const { replyTo, correlationId, creationTime = timestamp } = content;
  const known: readonly (readonly [string, string | undefined])[] = [
    ['content-type', contentType],
    ['correlation-id', writeIdentifier(correlationId)],
    ['reply-to', replyTo === undefined ? undefined : replyToDestination(replyTo)],
  ];
  let lines = '';
  for (const [name, value] of [...known, ...FIELDS.write({ ...content, creationTime })]) {
    if (value !== undefined) lines += headerLine(name, value, BUILD_VERSION);
  }
  return lines;
}

import {
  type Content,
  FORMAT_IDS,
  type Message,
  type MessageFormat,
  plainBody,
  propertyText,
} from '@causeway/core';
import { readBody, writeBody } from './body.js';
import { parseDecimalText } from './codec/digits.js';
import { headerLine, visitHeaders } from './codec/header-block.js';
import { readIdentifier, writeIdentifier } from './identifier.js';
import { replyToDestination, replyToUri } from './naming.js';
import { bodyStartOf, LENGTH_BYTES, versionOf, writeLength } from './stored-form.js';

/** What converted messages are escaped for; `CONVERTED_FLAGS` says so to whoever delivers them. */
const BUILD_VERSION = 2;

/** Names that mean something to receivers or to this broker, and so cannot be properties. */
const RESERVED_NAMES = new Set([
  'ack',
  'amq-msg-type',
  'amqp-message-id',
  'content-encoding',
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
  'timestamp',
  'transaction',
  'type',
  'JMSXGroupID',
  'JMSXGroupSeq',
]);
const RENAMED_PREFIX = 'property-';

/** STOMP messages: the sender's header lines and the body. */
export const stompFormat: MessageFormat = {
  id: FORMAT_IDS.stomp,
  name: 'stomp',

  view(message: Message): Content {
    const { bytes, start, end, formatFlags } = message;
    const bodyStart = bodyStartOf(bytes, start);
    const headers = new Map<string, string>();
    visitHeaders(bytes, start + LENGTH_BYTES, bodyStart, versionOf(formatFlags), (name, value) => {
      // Of repeated headers the first counts (STOMP 1.2, Repeated Header Entries).
      if (!headers.has(name)) headers.set(name, value);
    });
    return readContent(headers, bytes.subarray(bodyStart, end));
  },

  build(content: Content, message: Message): Buffer {
    const { body, contentType } = plainBody(content);
    const lines = Buffer.from(buildLines(content, contentType, message.timestamp), 'utf8');
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    writeLength(length, 0, lines.length);
    return Buffer.concat([length, lines, writeBody(body, contentType)]);
  },
};

function readContent(headers: Map<string, string>, body: Buffer): Content {
  const take = (name: string): string | undefined => {
    const value = headers.get(name);
    headers.delete(name);
    return value;
  };
  const contentType = take('content-type');
  const content: Content = {
    ...given('messageId', take('amqp-message-id')),
    ...given('subject', take('type')),
    ...given('replyTo', takeReplyTo(headers)),
    ...given('correlationId', readIdentifier(take('correlation-id'))),
    ...given('contentType', contentType),
    ...given('contentEncoding', take('content-encoding')),
    ...given('creationTime', takeNumber(headers, 'timestamp')),
    ...given('groupId', take('JMSXGroupID')),
    ...given('groupSequence', takeNumber(headers, 'JMSXGroupSeq')),
    body: readBody(body, contentType, take('amq-msg-type')),
    properties: [],
  };
  return { ...content, properties: [...headers] };
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

/** One that is no number stays a property. */
function takeNumber(headers: Map<string, string>, name: string): number | undefined {
  const number = parseDecimalText(headers.get(name) ?? '');
  if (number < 0) return undefined;
  headers.delete(name);
  return number;
}

function buildLines(content: Content, contentType: string | undefined, timestamp: number): string {
  const { replyTo, correlationId, groupSequence } = content;
  const known: readonly (readonly [string, string | undefined])[] = [
    ['content-type', contentType],
    ['content-encoding', content.contentEncoding],
    ['correlation-id', writeIdentifier(correlationId)],
    ['reply-to', replyTo === undefined ? undefined : replyToDestination(replyTo)],
    ['type', content.subject],
    ['timestamp', String(content.creationTime ?? timestamp)],
    ['amqp-message-id', content.messageId],
    ['JMSXUserID', content.userId],
    ['JMSXGroupID', content.groupId],
    ['JMSXGroupSeq', groupSequence === undefined ? undefined : String(groupSequence)],
  ];
  let lines = '';
  for (const [name, value] of known) {
    if (value !== undefined) lines += headerLine(name, value, BUILD_VERSION);
  }
  for (const [name, value] of content.properties) {
    const free = name !== '' && !RESERVED_NAMES.has(name) ? name : RENAMED_PREFIX + name;
    lines += headerLine(free, propertyText(value), BUILD_VERSION);
  }
  return lines;
}

import {
  type Address,
  BrokerError,
  type Change,
  type Content,
  type Dialect,
  FORMAT_IDS,
  Message,
  PRIORITY_DEFAULT,
  type SentParts,
} from '@causeway/core';
import { FrameDecoder } from './codec/decoder.js';
import { headerLine, visitHeaders } from './codec/header-block.js';
import { formatDestination, replyToDestination } from './naming.js';
import { readSendHeaders } from './send-headers.js';
import { storeFrame } from './store-frame.js';
import { bodyStartOf, CONTENT_LENGTH_FLAG, LENGTH_BYTES, versionOf } from './stored-form.js';

/** The version whose clients get all that the stored form holds. */
const VERSION = 2;
const UNLIMITED = {
  frameBytesMax: Number.POSITIVE_INFINITY,
  headersMax: Number.POSITIVE_INFINITY,
  headerBytesMax: Number.POSITIVE_INFINITY,
};

/** STOMP as `causeway explain` shows it: the headers of MESSAGE frames. */
export const stomp12: Dialect = {
  key: 'stomp',
  name: 'STOMP 1.2',
  envelope: ['durable', 'priority', 'expiresAt'],

  receive(content: Content): Content {
    return content;
  },

  destination(address: Address): string {
    return formatDestination(address);
  },

  describe(message: Message): [string, string][] {
    const { bytes, start, formatFlags, durable, priority, expiresAt } = message;
    const headers: [string, string][] = [];
    if (durable) headers.push(['persistent', 'true']);
    if (priority !== PRIORITY_DEFAULT) headers.push(['priority', String(priority)]);
    if (expiresAt > 0) headers.push(['expires', String(expiresAt)]);
    headers.push(...(message.annotations ?? []));
    const end = bodyStartOf(bytes, start);
    visitHeaders(bytes, start + LENGTH_BYTES, end, versionOf(formatFlags), (name, value) => {
      headers.push([name, value]);
    });
    return headers;
  },

  reason(field: string, change: Change): string {
    if (field === 'body' && change === 'retyped') return 'nothing says which type the body had';
    if (field === 'body') return 'the body is written as text, which does not hold all of it';
    if (change === 'retyped') return 'headers are text';
    if (change === 'lost') return 'of headers that repeat, the first counts';
    return 'a header cannot hold this text';
  },

  compose(parts: SentParts): Message {
    const decoder = new FrameDecoder(UNLIMITED);
    decoder.agree(VERSION, UNLIMITED);
    decoder.decode(sendFrame(parts), 0);
    const headers = readSendHeaders(decoder.frame);
    if (headers.persistent >= 0 || headers.priority >= 0 || headers.expires >= 0) {
      throw new BrokerError(
        'not-supported',
        'persistence, priority and expiry are not given as headers here',
      );
    }
    const { stomp } = FORMAT_IDS;
    const bytes = storeFrame(decoder.frame, headers, null);
    const message = new Message(parts.address, stomp, parts.durable, bytes, 0, bytes.length, false);
    message.formatFlags = VERSION | CONTENT_LENGTH_FLAG;
    message.priority = parts.priority ?? PRIORITY_DEFAULT;
    message.expiresAt = parts.expiresAt ?? 0;
    message.timestamp = parts.timestamp;
    return message;
  },
};

function sendFrame(parts: SentParts): Buffer {
  if (parts.value !== undefined) {
    throw new BrokerError('not-supported', 'a STOMP body is text or bytes');
  }
  const { contentType, replyTo, correlationId, bodyType, headers } = parts;
  const known: readonly (readonly [string, string | undefined])[] = [
    ['content-type', contentType],
    ['reply-to', replyTo === undefined ? undefined : replyToDestination(replyTo)],
    ['correlation-id', correlationId],
    ['amq-msg-type', bodyType === 'binary' ? 'bytes' : bodyType],
    ['content-length', String(parts.body.length)],
  ];
  let lines = 'SEND\n';
  for (const [name, value] of [...known, ...headers]) {
    if (value !== undefined) lines += headerLine(name, value, VERSION);
  }
  return Buffer.concat([Buffer.from(`${lines}\n`), parts.body, Buffer.of(0)]);
}

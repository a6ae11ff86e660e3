import type { Body, ContentValue } from '@causeway/core';
import { ByteReader, isStrictUtf8, WireError } from '@causeway/wire';
import { describedStart, descriptorCode } from './codec/descriptor.js';
import type { MessageLayout } from './codec/message-sections.js';
import { skipValue } from './codec/skip-value.js';
import { ABSENT, DESCRIPTOR } from './codec/types.js';
import type { AmqpValue } from './codec/value.js';
import { ITEMS_MAX, readValue } from './codec/value-reader.js';
import { contentValue } from './content-value.js';

/** Content types whose bytes are text. */
const TEXTUAL = /^(text\/|application\/(json|xml|javascript|ecmascript)\b)|\+(json|xml)\b/i;
/** What of the sets of characters is UTF-8. */
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;
const UTF8_CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/**
 * The body of a message. What cannot be read, since its sender encoded it wrongly, is binary: the
 * bytes as they came.
 * @param isText whether the properties say that bytes are text
 */
export function readBody(buffer: Buffer, layout: MessageLayout, isText: boolean): Body {
  const { bodyCode, bodyStart, bodyEnd } = layout;
  try {
    switch (bodyCode) {
      case ABSENT:
        return bytesBody(Buffer.alloc(0), isText);
      case DESCRIPTOR.data:
        return bytesBody(joinData(buffer, bodyStart, bodyEnd), isText);
      case DESCRIPTOR.amqpSequence:
        return { kind: 'sequence', items: readItems(buffer, bodyStart, bodyEnd) };
      default:
        return valueBody(readSection(buffer, bodyStart, bodyEnd), isText);
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { kind: 'binary', bytes: buffer.subarray(bodyStart, bodyEnd) };
  }
}

/** Whether bytes of this content type and encoding are text in UTF-8. */
export function isTextual(contentType = '', contentEncoding = ''): boolean {
  if (!TEXTUAL.test(contentType) || contentEncoding !== '') return false;
  const charset = CHARSET.exec(contentType)?.[1] ?? 'utf-8';
  return UTF8_CHARSETS.has(charset.toLowerCase());
}

function bytesBody(bytes: Buffer, isText: boolean): Body {
  if (isText && isStrictUtf8(bytes)) return { kind: 'text', text: bytes.toString('utf8') };
  return { kind: 'binary', bytes };
}

function valueBody(section: AmqpValue, isText: boolean): Body {
  const value = contentValue(section);
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (Buffer.isBuffer(value)) return bytesBody(value, isText);
  return { kind: 'value', value };
}

/** The bytes of all data sections, in one piece. */
function joinData(buffer: Buffer, start: number, end: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = start; at < end; at = skipValue(buffer, at, end)) {
    parts.push(readSection(buffer, at, end) as Buffer);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** The items of all amqp-sequence sections. */
function readItems(buffer: Buffer, start: number, end: number): ContentValue[] {
  const items: ContentValue[] = [];
  for (let at = start; at < end; at = skipValue(buffer, at, end)) {
    const section = readSection(buffer, at, end) as readonly AmqpValue[];
    if (items.length + section.length > ITEMS_MAX) throw new WireError('a body has too many items');
    for (const item of section) items.push(contentValue(item));
  }
  return items;
}

/** The value of the section at `at`. */
function readSection(buffer: Buffer, at: number, end: number): AmqpValue {
  descriptorCode(buffer, at, end);
  return readValue(new ByteReader(buffer, describedStart(buffer, at, end), end));
}

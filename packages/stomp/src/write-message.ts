import { FORMAT_IDS, type Formats, type Message, PRIORITY_DEFAULT } from '@causeway/core';
import type { OutputBuffer } from '@causeway/wire';
import { copyBytes } from './codec/copy-bytes.js';
import { writeDecimal } from './codec/digits.js';
import { headerLine, reescapeHeaders } from './codec/header-block.js';
import { LF, NUL } from './codec/types.js';
import {
  bodyStartOf,
  CONVERTED_FLAGS,
  LENGTH_BYTES,
  TIMESTAMP_FLAG,
  versionOf,
} from './stored-form.js';
import type { Subscription } from './subscription.js';

const ascii = (text: string) => Buffer.from(text, 'latin1');
const REDELIVERED = ascii('redelivered:true\n');
const PERSISTENT = ascii('persistent:true\n');
const PRIORITY = ascii('priority:');
const EXPIRES = ascii('expires:');
const CONTENT_LENGTH = ascii('content-length:');
/** More than all header lines of the broker's own take, besides the preamble and the ack prefix. */
const OWN_LINES_BYTES_MAX = 256;

/** Messages come in bursts of one millisecond: its line is written once. */
let timestampOfLine = -1;
let timestampLine = ascii('');

/**
 * Writes a MESSAGE frame (STOMP 1.2, MESSAGE): lines of the broker's own, then what the sender
 * sent. Of repeated headers the first counts, so the sender cannot pretend to be the broker.
 * @param number of the delivery, for its `ack` header
 */
export function writeMessage(
  out: OutputBuffer,
  formats: Formats,
  subscription: Subscription,
  message: Message,
  number: number,
  redelivered: boolean,
): void {
  let { bytes, start, end, formatFlags } = message;
  if (message.format !== FORMAT_IDS.stomp) {
    bytes = formats.convert(message, FORMAT_IDS.stomp);
    start = 0;
    end = bytes.length;
    formatFlags = CONVERTED_FLAGS;
  }
  const bodyStart = bodyStartOf(bytes, start);
  writeOwnLines(out, subscription, message, number, redelivered, formatFlags);
  if (message.annotations !== null) writeAnnotations(out, subscription, message.annotations);
  writeContentLength(out, end - bodyStart);
  if (bodyStart > start + LENGTH_BYTES) {
    const from = versionOf(formatFlags);
    const lines = start + LENGTH_BYTES;
    const escaped = reescapeHeaders(bytes, lines, bodyStart, from, subscription.version);
    if (escaped === null) out.copy(bytes, lines, bodyStart);
    else out.copy(escaped, 0, escaped.length);
  }
  out.uint8(LF);
  out.append(bytes, bodyStart, end);
  out.uint8(NUL);
}

function writeOwnLines(
  out: OutputBuffer,
  subscription: Subscription,
  message: Message,
  number: number,
  redelivered: boolean,
  formatFlags: number,
): void {
  const preamble = subscription.preamble(message.address);
  out.reserve(preamble.length + OWN_LINES_BYTES_MAX);
  const target = out.buffer;
  let at = copyBytes(preamble, 0, preamble.length, target, out.position);
  at = writeDecimal(target, at, message.id);
  target[at++] = LF;
  const ackPrefix = subscription.ackPrefix;
  if (ackPrefix !== null && number > 0) {
    at = copyBytes(ackPrefix, 0, ackPrefix.length, target, at);
    at = writeDecimal(target, at, number);
    target[at++] = LF;
  }
  if (redelivered) at = copyBytes(REDELIVERED, 0, REDELIVERED.length, target, at);
  if (message.durable) at = copyBytes(PERSISTENT, 0, PERSISTENT.length, target, at);
  if (message.priority !== PRIORITY_DEFAULT) at = line(target, at, PRIORITY, message.priority);
  if (message.expiresAt > 0) at = line(target, at, EXPIRES, message.expiresAt);
  if ((formatFlags & TIMESTAMP_FLAG) === 0 && message.timestamp > 0) {
    const timestamp = lineOfTimestamp(message.timestamp);
    at = copyBytes(timestamp, 0, timestamp.length, target, at);
  }
  out.position = at;
}

function line(target: Buffer, at: number, name: Buffer, value: number): number {
  const valueAt = copyBytes(name, 0, name.length, target, at);
  const end = writeDecimal(target, valueAt, value);
  target[end] = LF;
  return end + 1;
}

function lineOfTimestamp(timestamp: number): Buffer {
  if (timestamp !== timestampOfLine) {
    timestampLine = ascii(`timestamp:${Math.floor(timestamp)}\n`);
    timestampOfLine = timestamp;
  }
  return timestampLine;
}

function writeContentLength(out: OutputBuffer, bytes: number): void {
  out.reserve(CONTENT_LENGTH.length + 16);
  out.position = line(out.buffer, out.position, CONTENT_LENGTH, bytes);
}

function writeAnnotations(
  out: OutputBuffer,
  subscription: Subscription,
  annotations: ReadonlyMap<string, string>,
): void {
  for (const [name, value] of annotations) {
    out.text(headerLine(name, value, subscription.version));
  }
}

import { BrokerError, isBrokersOwnName } from '@causeway/core';
import { equals, type Frame } from './codec/frame.js';

const LETTER_J = 0x4a;
const LETTER_X = 0x78;

/** Which headers of a SEND frame mean something to the broker: their index, or -1. */
export class SendHeaders {
  destination = -1;
  receipt = -1;
  transaction = -1;
  persistent = -1;
  priority = -1;
  expires = -1;
  replyTo = -1;
  timestamp = -1;
  delay = -1;
  /** The headers that go on to the receivers, by index. */
  kept = new Uint16Array(64);
  /** 1 for those that go on under another name, in the order of `kept`. */
  renamed = new Uint8Array(64);
  keptCount = 0;

  reset(headerCount: number): void {
    this.destination = -1;
    this.receipt = -1;
    this.transaction = -1;
    this.persistent = -1;
    this.priority = -1;
    this.expires = -1;
    this.replyTo = -1;
    this.timestamp = -1;
    this.delay = -1;
    this.keptCount = 0;
    if (this.kept.length >= headerCount) return;
    this.kept = new Uint16Array(headerCount * 2);
    this.renamed = new Uint8Array(headerCount * 2);
  }

  keep(index: number, renamed: boolean): void {
    this.kept[this.keptCount] = index;
    this.renamed[this.keptCount++] = renamed ? 1 : 0;
  }
}

const shared = new SendHeaders();

/**
 * Sorts the headers of a SEND frame, by length first and then by bytes. Those that concern one hop
 * or that the broker writes itself are not kept, those that would speak for the broker are renamed;
 * of repeated ones the first counts (STOMP 1.2, Repeated Header Entries). The result is valid until the next call.
 */
export function readSendHeaders(frame: Frame): SendHeaders {
  const headers = shared;
  const count = frame.headerCount;
  headers.reset(count);
  for (let index = 0; index < count; index++) sort(frame, index, headers);
  return headers;
}

function sort(frame: Frame, index: number, headers: SendHeaders): void {
  const start = frame.nameStart(index);
  const end = frame.nameEnd(index);
  switch (end - start) {
    case 3:
      if (is(frame, start, end, 'ack')) return;
      break;
    case 7:
      if (is(frame, start, end, 'receipt')) {
        if (headers.receipt < 0) headers.receipt = index;
        return;
      }
      if (is(frame, start, end, 'expires')) {
        if (headers.expires < 0) headers.expires = index;
        return;
      }
      break;
    case 8:
      if (is(frame, start, end, 'priority')) {
        if (headers.priority < 0) headers.priority = index;
        return;
      }
      if (headers.replyTo < 0 && is(frame, start, end, 'reply-to')) headers.replyTo = index;
      break;
    case 9:
      if (headers.timestamp < 0 && is(frame, start, end, 'timestamp')) headers.timestamp = index;
      break;
    case 10:
      if (is(frame, start, end, 'persistent')) {
        if (headers.persistent < 0) headers.persistent = index;
        return;
      }
      if (is(frame, start, end, 'message-id')) return;
      break;
    case 11:
      if (is(frame, start, end, 'destination')) {
        if (headers.destination < 0) headers.destination = index;
        return;
      }
      if (is(frame, start, end, 'transaction')) {
        if (headers.transaction < 0) headers.transaction = index;
        return;
      }
      if (is(frame, start, end, 'redelivered')) return;
      break;
    case 12:
      if (is(frame, start, end, 'subscription')) return;
      break;
    case 14:
      if (is(frame, start, end, 'content-length')) return;
      break;
    case 18:
    case 20:
      refuseRepetition(frame, start, end);
      break;
    case 19:
      if (is(frame, start, end, 'AMQ_SCHEDULED_DELAY')) {
        if (headers.delay < 0) headers.delay = index;
        return;
      }
      break;
  }
  headers.keep(index, speaksForBroker(frame, start, end));
}

/** ActiveMQ's headers for messages that come again and again. */
function refuseRepetition(frame: Frame, start: number, end: number): void {
  for (const name of ['AMQ_SCHEDULED_CRON', 'AMQ_SCHEDULED_PERIOD', 'AMQ_SCHEDULED_REPEAT']) {
    if (!is(frame, start, end, name)) continue;
    throw new BrokerError('not-supported', `${name} is not supported: messages come once`);
  }
}

/** Who sent a message and why it is a dead letter are for the broker to say. */
function speaksForBroker(frame: Frame, start: number, end: number): boolean {
  const first = frame.buffer[start];
  if (first === LETTER_J) return is(frame, start, end, 'JMSXUserID');
  return first === LETTER_X && isBrokersOwnName(frame.buffer.toString('latin1', start, end));
}

function is(frame: Frame, start: number, end: number, name: string): boolean {
  return equals(frame.buffer, start, end, name);
}

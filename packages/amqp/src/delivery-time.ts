import { BrokerError } from '@causeway/core';
import { ByteReader } from '@causeway/wire';
import { mapEntry } from './codec/map-entry.js';
import type { MessageLayout } from './codec/message-sections.js';
import { readValue } from './codec/value-reader.js';

/** Both annotations of delayed delivery begin with it: most messages have annotations, few these. */
const PREFIX = Buffer.from('x-opt-delivery-');

/**
 * When a message may be delivered, in milliseconds since 1970, from `x-opt-delivery-time` or
 * `x-opt-delivery-delay` (capability DELAYED_DELIVERY); 0 for at once.
 */
export function notBeforeOf(view: Buffer, layout: MessageLayout, nowMs: number): number {
  const { messageAnnotations: start, messageAnnotationsEnd: end } = layout;
  if (end - start < PREFIX.length || view.subarray(start, end).indexOf(PREFIX) < 0) return 0;
  const map = readValue(new ByteReader(view, start, end));
  if (!(map instanceof Map)) return 0;
  const time = mapEntry(map, 'x-opt-delivery-time');
  if (time !== undefined) return timeOf(time, 'x-opt-delivery-time');
  const delay = mapEntry(map, 'x-opt-delivery-delay');
  return delay === undefined ? 0 : nowMs + timeOf(delay, 'x-opt-delivery-delay');
}

function timeOf(value: unknown, name: string): number {
  const number = value instanceof Date ? value.getTime() : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new BrokerError('malformed', `${name} is not a number of milliseconds`);
}

import { WireError } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { decodeState } from './decode-state.js';
import { uint32At } from './integers.js';
import { skipValue } from './skip-value.js';
import type { DeliveryState } from './types.js';

/** Reads the map from delivery tags to states (part 2.7.3) that is `buffer[start, end)`. */
export function decodeUnsettled(
  buffer: Buffer,
  start: number,
  end: number,
): Map<string, DeliveryState | null> {
  const short = buffer[start] === CODE.map8;
  if (!short && buffer[start] !== CODE.map32) throw new WireError('unsettled is not a map');
  let at = start + (short ? 3 : 9);
  if (at > end) throw new WireError('unsettled does not have the size that it claims');
  const count = short ? buffer[start + 2]! : uint32At(buffer, start + 5);
  if (count % 2 !== 0 || count > end - at) throw new WireError(`unsettled claims ${count} items`);
  const unsettled = new Map<string, DeliveryState | null>();
  for (let index = 0; index < count; index += 2) {
    const keyEnd = skipValue(buffer, at, end);
    const next = skipValue(buffer, keyEnd, end);
    const state = buffer[keyEnd] === CODE.null ? null : decodeState(buffer, keyEnd, next);
    unsettled.set(readTag(buffer, at, keyEnd), state);
    at = next;
  }
  return unsettled;
}

function readTag(buffer: Buffer, start: number, end: number): string {
  const code = buffer[start];
  if (code === CODE.binary8) return buffer.toString('latin1', start + 2, end);
  if (code === CODE.binary32) return buffer.toString('latin1', start + 5, end);
  throw new WireError('a delivery tag in unsettled is not a binary');
}

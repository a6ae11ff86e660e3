import { isBrokersOwnName } from '@causeway/core';
import { encodeRawMap, type RawEntries, readRawMap } from './codec/raw-map.js';

/**
 * Adds the message-annotations of a `modified` outcome to those that earlier ones have added: of
 * the same keys the new ones count (part 3.4.5). Nobody can speak for the broker that way.
 * @param former what was added before, as an encoded map; null for nothing
 * @param added an encoded map
 * @param bytesMax what all of it may take
 * @returns all of it as an encoded map; undefined when it would be too much
 */
export function mergeAmendments(
  former: Buffer | null,
  added: Buffer,
  bytesMax: number,
): Buffer | undefined {
  const entries: RawEntries = former === null ? new Map() : readRawMap(former, 0, former.length);
  for (const [name, entry] of readRawMap(added, 0, added.length)) {
    if (!isBrokersOwnName(name)) entries.set(name, entry);
  }
  const merged = encodeRawMap(entries);
  return merged.length > bytesMax ? undefined : merged;
}

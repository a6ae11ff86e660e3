import { encodeState } from './encode-state.js';
import { type Coordinator, DESCRIPTOR, type Source, type Target } from './types.js';
import type { ValueWriter } from './value-writer.js';

/** Writes a source (part 3.5.3), or null. */
export function writeSource(writer: ValueWriter, source: Source | null): void {
  if (source === null) {
    writer.null();
    return;
  }
  writeTerminus(writer.described(DESCRIPTOR.source).beginList(), source);
  writer.symbol(source.distributionMode).value(source.filter);
  if (source.defaultOutcome === null) writer.null();
  else writer.encoded(encodeState(source.defaultOutcome));
  writer.symbolArray(source.outcomes).symbolArray(source.capabilities).endList();
}

/** Writes a target (part 3.5.4) or a coordinator (part 4.5.1), or null. */
export function writeTarget(writer: ValueWriter, target: Target | Coordinator | null): void {
  if (target === null) {
    writer.null();
    return;
  }
  if ('coordinator' in target) writer.described(DESCRIPTOR.coordinator).beginList();
  else writeTerminus(writer.described(DESCRIPTOR.target).beginList(), target);
  writer.symbolArray(target.capabilities).endList();
}

/** The fields with which both begin. */
function writeTerminus(writer: ValueWriter, terminus: Source | Target): void {
  writer.string(terminus.address).uint(terminus.durable).symbol(terminus.expiryPolicy);
  writer.uint(terminus.timeout).boolean(terminus.dynamic).value(terminus.dynamicNodeProperties);
}

import { ByteReader, WireError } from '@causeway/wire';
import { descriptorCode } from './codec/descriptor.js';
import { skipValue } from './codec/skip-value.js';
import { DESCRIPTOR } from './codec/types.js';
import { AmqpSymbol, type AmqpValue, type Described } from './codec/value.js';
import { readValue } from './codec/value-reader.js';
import { ValueWriter } from './codec/value-writer.js';

export interface AnnotatedHead {
  /** A message-annotations section with what the broker adds. */
  readonly section: Buffer;
  /** Where the rest of the stored bytes begins. */
  readonly bareStart: number;
}

/**
 * The message-annotations of a message that the broker has something to say about, such as why it
 * is a dead letter: its own and the sender's, of which the broker's win (part 3.2.3).
 */
export function annotate(
  additions: ReadonlyMap<string, string>,
  bytes: Buffer,
  start: number,
  end: number,
): AnnotatedHead {
  const merged = new Map<AmqpValue, AmqpValue>();
  let bareStart = start;
  const first = readSection(bytes, start, end);
  if (first !== null) {
    bareStart = skipValue(bytes, start, end);
    for (const [name, value] of first) merged.set(name, value);
  }
  for (const [name, value] of additions) setSymbol(merged, annotationName(name), value);
  const writer = new ValueWriter();
  writer.described(DESCRIPTOR.messageAnnotations).value(merged);
  return { section: writer.take(), bareStart };
}

const NOTHING: ReadonlyMap<AmqpValue, AmqpValue> = new Map();

/** Names of annotations that receivers may ignore begin with `x-opt-` (part 3.2.10). */
export function annotationName(name: string): string {
  return `x-opt-${name.replace(/^x-(opt-)?/, '')}`;
}

/** Symbols are objects: the one of the same text gives way. */
function setSymbol(map: Map<AmqpValue, AmqpValue>, name: string, value: AmqpValue): void {
  for (const key of map.keys()) if (String(key) === name) map.delete(key);
  map.set(new AmqpSymbol(name), value);
}

/**
 * The message-annotations that the stored bytes begin with; null when there are none. Only their
 * bounds were looked at when they came: what cannot be read now is left out.
 */
function readSection(
  bytes: Buffer,
  start: number,
  end: number,
): ReadonlyMap<AmqpValue, AmqpValue> | null {
  if (descriptorCode(bytes, start, end) !== DESCRIPTOR.messageAnnotations) return null;
  try {
    const section = readValue(new ByteReader(bytes, start, end)) as Described;
    return section.value instanceof Map ? section.value : NOTHING;
  } catch (error) {
    if (error instanceof WireError) return NOTHING;
    throw error;
  }
}

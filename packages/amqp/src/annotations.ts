import type { Message } from '@causeway/core';
import { WireError } from '@causeway/wire';
import { describedStart, descriptorCode } from './codec/descriptor.js';
import { encodeRawMap, type RawEntries, readRawMap } from './codec/raw-map.js';
import { skipValue } from './codec/skip-value.js';
import { DESCRIPTOR } from './codec/types.js';
import type { AmqpValue } from './codec/value.js';
import { ValueWriter } from './codec/value-writer.js';
import { takeExpiry } from './take-expiry.js';

export interface AnnotatedHead {
  /** Sections that precede the rest of the stored bytes. */
  readonly sections: Buffer;
  /** Where the rest begins. */
  readonly bareStart: number;
}

/** When a dead letter would have expired: a timestamp, unlike what core says of it. */
const EXPIRY_ANNOTATION = annotationName('x-dead-letter-expiry');
const ANNOTATIONS_HEAD = Buffer.of(0, 0x53, DESCRIPTOR.messageAnnotations);

/** Whether a message goes out with annotations that its stored bytes do not have. */
export function isAnnotated({ annotations, amendments }: Message): boolean {
  return annotations !== null || amendments !== null;
}

/**
 * The message-annotations of a message that somebody else than its sender has something to say
 * about: the sender's, those that receivers have added with `modified` (part 3.4.5), and the
 * broker's, such as why it is a dead letter. Of the same names the latter ones win.
 *
 * A dead letter does not expire, and says so: what the sender said comes as an annotation.
 * @param bytes the message in this format
 */
export function annotatedHead(
  message: Message,
  bytes: Buffer,
  start: number,
  end: number,
): AnnotatedHead {
  const { annotations, amendments } = message;
  let bareStart = start;
  let entries: RawEntries = new Map();
  if (start < end && descriptorCode(bytes, start, end) === DESCRIPTOR.messageAnnotations) {
    bareStart = skipValue(bytes, start, end);
    entries = readEntries(bytes, describedStart(bytes, start, end), bareStart);
  }
  if (amendments !== null) {
    for (const [name, entry] of readRawMap(amendments, 0, amendments.length)) {
      entries.set(name, entry);
    }
  }
  const bare = annotations === null ? null : takeExpiry(bytes, bareStart, end);
  if (bare !== null) entries.set(EXPIRY_ANNOTATION, entryOf(EXPIRY_ANNOTATION, bare.expiry));
  for (const [name, value] of annotations ?? []) {
    entries.set(annotationName(name), entryOf(annotationName(name), value));
  }
  const sections = [ANNOTATIONS_HEAD, encodeRawMap(entries)];
  if (bare !== null) sections.push(bare.properties);
  return { sections: Buffer.concat(sections), bareStart: bare?.end ?? bareStart };
}

/** Names of annotations that receivers may ignore begin with `x-opt-` (part 3.2.10). */
export function annotationName(name: string): string {
  return `x-opt-${name.replace(/^x-(opt-)?/, '')}`;
}

function entryOf(name: string, value: AmqpValue): Buffer {
  return new ValueWriter().symbol(name).value(value).take();
}

/** What cannot be read, since its sender encoded it wrongly, is left out. */
function readEntries(bytes: Buffer, at: number, end: number): RawEntries {
  try {
    return readRawMap(bytes, at, end);
  } catch (error) {
    if (error instanceof WireError) return new Map();
    throw error;
  }
}

import { type AmqpErrorInfo, DESCRIPTOR, type DeliveryState } from './types.js';
import { ValueWriter } from './value-writer.js';

export const ACCEPTED_BYTES = Buffer.of(0x00, 0x53, DESCRIPTOR.accepted, 0x45);
export const RELEASED_BYTES = Buffer.of(0x00, 0x53, DESCRIPTOR.released, 0x45);

/** A delivery state (part 3.4, 4.5.5 and 4.5.8) as a described value; not to be changed. */
export function encodeState(state: DeliveryState): Buffer {
  if (state.kind === 'accepted') return ACCEPTED_BYTES;
  if (state.kind === 'released') return RELEASED_BYTES;
  const writer = new ValueWriter();
  writeFields(writer.described(CODES[state.kind]).beginList(), state);
  return writer.endList().take();
}

/** Writes an error (part 2.8.14), or null. */
export function writeError(writer: ValueWriter, error: AmqpErrorInfo | null): void {
  if (error === null) {
    writer.null();
    return;
  }
  writer.described(DESCRIPTOR.error).beginList();
  writer.symbol(error.condition).string(error.description).value(error.info).endList();
}

const CODES = {
  received: DESCRIPTOR.received,
  rejected: DESCRIPTOR.rejected,
  modified: DESCRIPTOR.modified,
  declared: DESCRIPTOR.declared,
  transactional: DESCRIPTOR.transactionalState,
} as const;

type StateWithFields = Extract<DeliveryState, { kind: keyof typeof CODES }>;

function writeFields(writer: ValueWriter, state: StateWithFields): void {
  switch (state.kind) {
    case 'received':
      writer.uint(state.sectionNumber).ulong(state.sectionOffset);
      return;
    case 'rejected':
      writeError(writer, state.error);
      return;
    case 'modified':
      writer.boolean(state.deliveryFailed).boolean(state.undeliverableHere);
      if (state.annotations !== null) writer.encoded(state.annotations);
      return;
    case 'declared':
      writer.binary(state.transactionId);
      return;
    case 'transactional':
      writer.binary(state.transactionId);
      if (state.outcome !== null) writer.encoded(encodeState(state.outcome));
  }
}

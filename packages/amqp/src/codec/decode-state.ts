import { WireError } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { errorField } from './decode-error.js';
import { descriptorCode } from './descriptor.js';
import { FieldReader } from './field-reader.js';
import { DESCRIPTOR, type DeliveryOutcome, type DeliveryState } from './types.js';

/** What nearly every delivery comes to: one object for all. */
export const ACCEPTED: DeliveryOutcome = Object.freeze({ kind: 'accepted' });
export const RELEASED: DeliveryOutcome = Object.freeze({ kind: 'released' });

/**
 * Reads the delivery state (part 3.4, 4.5.5 and 4.5.8) that is `buffer[start, end)`.
 * @throws WireError also when it is none that AMQP defines
 */
export function decodeState(buffer: Buffer, start: number, end: number): DeliveryState {
  if (end - start >= 4 && buffer[start] === 0 && buffer[start + 1] === CODE.smallUlong) {
    // Both as an empty list and as a list8 without items.
    const list = buffer[start + 3];
    const isEmpty =
      (list === CODE.list0 && end === start + 4) ||
      (list === CODE.list8 && end === start + 6 && buffer[start + 5] === 0);
    if (isEmpty && buffer[start + 2] === DESCRIPTOR.accepted) return ACCEPTED;
    if (isEmpty && buffer[start + 2] === DESCRIPTOR.released) return RELEASED;
  }
  const code = descriptorCode(buffer, start, end);
  const fields = new FieldReader();
  fields.open('delivery state', buffer, start, end);
  switch (code) {
    case DESCRIPTOR.received:
      return {
        kind: 'received',
        sectionNumber: fields.requireUint('section-number'),
        sectionOffset: fields.requireUlong('section-offset'),
      };
    case DESCRIPTOR.declared:
      return { kind: 'declared', transactionId: fields.requireBinary('txn-id') };
    case DESCRIPTOR.transactionalState:
      return {
        kind: 'transactional',
        transactionId: fields.requireBinary('txn-id'),
        outcome: outcomeField(fields, buffer),
      };
    default:
      return decodeOutcome(code, fields, buffer);
  }
}

/** Reads the next field, which is a state or missing. */
export function stateField(fields: FieldReader, buffer: Buffer): DeliveryState | null {
  const at = fields.skip();
  return at < 0 ? null : decodeState(buffer, at, fields.position);
}

function decodeOutcome(code: number, fields: FieldReader, buffer: Buffer): DeliveryOutcome {
  switch (code) {
    case DESCRIPTOR.accepted:
      return ACCEPTED;
    case DESCRIPTOR.released:
      return RELEASED;
    case DESCRIPTOR.rejected:
      return { kind: 'rejected', error: errorField(fields, buffer) };
    case DESCRIPTOR.modified:
      return {
        kind: 'modified',
        deliveryFailed: fields.boolean('delivery-failed') ?? false,
        undeliverableHere: fields.boolean('undeliverable-here') ?? false,
        annotations: fields.encodedMap('message-annotations'),
      };
    default:
      throw new WireError(`0x${code.toString(16)} is no delivery state`);
  }
}

/** What a transaction is about to do: one of the final states. */
function outcomeField(fields: FieldReader, buffer: Buffer): DeliveryOutcome | null {
  const state = stateField(fields, buffer);
  if (state === null) return null;
  switch (state.kind) {
    case 'received':
    case 'declared':
    case 'transactional':
      throw new WireError(`${state.kind} is no outcome of a transaction`);
    default:
      return state;
  }
}

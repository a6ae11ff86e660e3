import { WireError } from '@causeway/wire';
import { describedStart, descriptorCode } from './descriptor.js';
import { FieldReader } from './field-reader.js';
import { MessageLayout, readLayout } from './message-sections.js';
import { DESCRIPTOR } from './types.js';

/** What a message to a coordinator asks for (part 4.2 and 4.3). */
export type TransactionRequest =
  | { readonly kind: 'declare'; readonly global: boolean }
  | { readonly kind: 'discharge'; readonly transactionId: Buffer; readonly fail: boolean };

/**
 * Reads the message `buffer[start, end)`.
 * @throws WireError when it asks for neither
 */
export function decodeTransactionRequest(
  buffer: Buffer,
  start: number,
  end: number,
): TransactionRequest {
  const layout = new MessageLayout();
  readLayout(buffer, start, end, layout);
  const { bodyCode, bodyStart, bodyEnd } = layout;
  if (bodyCode !== DESCRIPTOR.amqpValue) {
    throw new WireError('a message to a coordinator has no amqp-value');
  }
  const at = describedStart(buffer, bodyStart, bodyEnd);
  const code = descriptorCode(buffer, at, bodyEnd);
  const fields = new FieldReader();
  switch (code) {
    case DESCRIPTOR.declare:
      fields.open('declare', buffer, at, bodyEnd);
      return { kind: 'declare', global: fields.skip() >= 0 };
    case DESCRIPTOR.discharge:
      fields.open('discharge', buffer, at, bodyEnd);
      return {
        kind: 'discharge',
        transactionId: fields.requireBinary('txn-id'),
        fail: fields.boolean('fail') ?? false,
      };
    default:
      throw new WireError('a message to a coordinator is neither declare nor discharge');
  }
}

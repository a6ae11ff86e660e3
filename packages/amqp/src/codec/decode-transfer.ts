import { WireError } from '@causeway/wire';
import { stateField } from './decode-state.js';
import { FieldReader } from './field-reader.js';
import { ABSENT, RECEIVER_SETTLE_MODE, type TransferFrame } from './types.js';

/** Part 2.8.7. */
const DELIVERY_TAG_BYTES_MAX = 32;

const fields = new FieldReader();

/**
 * Reads the transfer (part 2.7.5) `view[start, end)` into `transfer`: the payload stays where it is.
 * @throws WireError
 */
export function decodeTransfer(
  view: Buffer,
  start: number,
  end: number,
  transfer: TransferFrame,
): void {
  transfer.payloadStart = fields.open('transfer', view, start, end);
  transfer.payloadEnd = end;
  transfer.handle = fields.requireUint('handle');
  transfer.deliveryId = fields.uint('delivery-id');
  transfer.tagStart = fields.binaryStart('delivery-tag');
  transfer.tagEnd = transfer.tagStart < 0 ? ABSENT : fields.position;
  if (transfer.tagEnd - transfer.tagStart > DELIVERY_TAG_BYTES_MAX) {
    throw new WireError(`a delivery tag has more than ${DELIVERY_TAG_BYTES_MAX} bytes`);
  }
  transfer.messageFormat = fields.uint('message-format');
  transfer.settled = fields.boolean('settled');
  transfer.more = fields.boolean('more') ?? false;
  transfer.rcvSettleMode = fields.ubyte('rcv-settle-mode');
  if (transfer.rcvSettleMode > RECEIVER_SETTLE_MODE.second) {
    throw new WireError(`${transfer.rcvSettleMode} is no rcv-settle-mode`);
  }
  transfer.state = stateField(fields, view);
  transfer.resume = fields.boolean('resume') ?? false;
  transfer.aborted = fields.boolean('aborted') ?? false;
  transfer.batchable = fields.boolean('batchable') ?? false;
}

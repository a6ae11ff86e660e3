/** What a flow says (part 2.7.4); the link fields are left out when `handle` is negative. */
export interface Flow {
  readonly nextIncomingId: number;
  readonly incomingWindow: number;
  readonly nextOutgoingId: number;
  readonly outgoingWindow: number;
  readonly handle: number;
  readonly deliveryCount: number;
  readonly linkCredit: number;
  readonly available: number;
  readonly drain: boolean;
}

const SESSION_FIELDS = 4;
const LINK_FIELDS = 9;
const UINT_BYTES = 5;

/** One flow frame. */
export function encodeFlow(channel: number, flow: Flow): Buffer {
  const withLink = flow.handle >= 0;
  const fields = withLink ? LINK_FIELDS : SESSION_FIELDS;
  const frame = Buffer.alloc(8 + 3 + 3 + (withLink ? 8 * UINT_BYTES + 1 : 4 * UINT_BYTES));
  frame.writeUInt32BE(frame.length, 0);
  frame[4] = 2;
  frame.writeUInt16BE(channel, 6);
  frame.set([0, 0x53, 0x13, 0xc0, frame.length - 13, fields], 8);
  const numbers = [
    flow.nextIncomingId,
    flow.incomingWindow,
    flow.nextOutgoingId,
    flow.outgoingWindow,
    ...(withLink ? [flow.handle, flow.deliveryCount, flow.linkCredit, flow.available] : []),
  ];
  let at = 14;
  for (const number of numbers) {
    frame[at] = 0x70;
    at = frame.writeUInt32BE(number, at + 1);
  }
  if (withLink) frame[at] = flow.drain ? 0x41 : 0x42;
  return frame;
}

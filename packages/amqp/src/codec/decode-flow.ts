import { FieldReader } from './field-reader.js';
import { mapEntry } from './map-entry.js';
import type { FlowFrame } from './types.js';

const fields = new FieldReader();

/**
 * Reads the flow (part 2.7.4) `view[start, end)` into `flow`.
 * @throws WireError
 */
export function decodeFlow(view: Buffer, start: number, end: number, flow: FlowFrame): void {
  fields.open('flow', view, start, end);
  flow.nextIncomingId = fields.uint('next-incoming-id');
  flow.incomingWindow = fields.requireUint('incoming-window');
  flow.nextOutgoingId = fields.requireUint('next-outgoing-id');
  flow.outgoingWindow = fields.requireUint('outgoing-window');
  flow.handle = fields.uint('handle');
  flow.deliveryCount = fields.uint('delivery-count');
  flow.linkCredit = fields.uint('link-credit');
  flow.available = fields.uint('available');
  flow.drain = fields.boolean('drain') ?? false;
  flow.echo = fields.boolean('echo') ?? false;
  const properties = fields.map('properties');
  flow.transactional = properties !== null && mapEntry(properties, 'txn-id') !== undefined;
}

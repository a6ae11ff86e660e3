import { WireError } from '@causeway/wire';
import { stateField } from './decode-state.js';
import { descriptorCode } from './descriptor.js';
import { expectDescriptor, FieldReader } from './field-reader.js';
import { type Coordinator, DESCRIPTOR, type Source, type Target } from './types.js';

/** Reads the source (part 3.5.3) that is `buffer[start, end)`. */
export function decodeSource(buffer: Buffer, start: number, end: number): Source {
  expectDescriptor('a source', DESCRIPTOR.source, buffer, start, end);
  const fields = new FieldReader();
  fields.open('source', buffer, start, end);
  return {
    ...readTerminus(fields),
    distributionMode: fields.symbol('distribution-mode'),
    filter: fields.map('filter'),
    defaultOutcome: stateField(fields, buffer),
    outcomes: fields.symbols('outcomes'),
    capabilities: fields.symbols('capabilities'),
  };
}

/** Reads the target (part 3.5.4 and 4.5.1) that is `buffer[start, end)`. */
export function decodeTarget(buffer: Buffer, start: number, end: number): Target | Coordinator {
  const fields = new FieldReader();
  switch (descriptorCode(buffer, start, end)) {
    case DESCRIPTOR.target:
      fields.open('target', buffer, start, end);
      return { ...readTerminus(fields), capabilities: fields.symbols('capabilities') };
    case DESCRIPTOR.coordinator:
      fields.open('coordinator', buffer, start, end);
      return { coordinator: true, capabilities: fields.symbols('capabilities') };
    default:
      throw new WireError('a target or a coordinator expected');
  }
}

/** The fields with which both begin. */
function readTerminus(fields: FieldReader) {
  return {
    address: fields.string('address'),
    durable: fields.uint('durable', 0),
    expiryPolicy: fields.symbol('expiry-policy') ?? 'session-end',
    timeout: fields.uint('timeout', 0),
    dynamic: fields.boolean('dynamic') ?? false,
    dynamicNodeProperties: fields.map('dynamic-node-properties'),
  };
}

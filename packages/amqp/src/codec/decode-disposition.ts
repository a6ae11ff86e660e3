import { stateField } from './decode-state.js';
import { FieldReader } from './field-reader.js';
import type { DispositionFrame } from './types.js';

const fields = new FieldReader();

/**
 * Reads the disposition (part 2.7.6) `view[start, end)` into `disposition`.
 * @throws WireError
 */
export function decodeDisposition(
  view: Buffer,
  start: number,
  end: number,
  disposition: DispositionFrame,
): void {
  fields.open('disposition', view, start, end);
  disposition.role = fields.requireBoolean('role');
  disposition.first = fields.requireUint('first');
  disposition.last = fields.uint('last', disposition.first);
  disposition.settled = fields.boolean('settled') ?? false;
  disposition.state = stateField(fields, view);
}

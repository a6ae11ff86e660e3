import { expectDescriptor, FieldReader } from './field-reader.js';
import { type AmqpErrorInfo, DESCRIPTOR } from './types.js';

/** Reads the error (part 2.8.14) that is `buffer[start, end)`. */
export function decodeError(buffer: Buffer, start: number, end: number): AmqpErrorInfo {
  expectDescriptor('an error', DESCRIPTOR.error, buffer, start, end);
  const fields = new FieldReader();
  fields.open('error', buffer, start, end);
  return {
    condition: fields.requireSymbol('condition'),
    description: fields.string('description'),
    info: fields.map('info'),
  };
}

/** Reads the next field, which is an error or missing. */
export function errorField(fields: FieldReader, buffer: Buffer): AmqpErrorInfo | null {
  const at = fields.skip();
  return at < 0 ? null : decodeError(buffer, at, fields.position);
}

import { expectDescriptor, FieldReader } from './field-reader.js';
import { DESCRIPTOR } from './types.js';

/** Part 5.3.3.2. */
export interface SaslInit {
  readonly mechanism: string;
  readonly initialResponse: Buffer | null;
  readonly hostname: string | null;
}

/** Reads the frame body `view[start, end)`; this and the next throw WireError when it is another. */
export function decodeSaslInit(view: Buffer, start: number, end: number): SaslInit {
  expectDescriptor('sasl-init', DESCRIPTOR.saslInit, view, start, end);
  const fields = new FieldReader();
  fields.open('sasl-init', view, start, end);
  return {
    mechanism: fields.requireSymbol('mechanism'),
    initialResponse: fields.binary('initial-response'),
    hostname: fields.string('hostname'),
  };
}

/** Part 5.3.3.4. */
export function decodeSaslResponse(view: Buffer, start: number, end: number): Buffer {
  expectDescriptor('sasl-response', DESCRIPTOR.saslResponse, view, start, end);
  const fields = new FieldReader();
  fields.open('sasl-response', view, start, end);
  return fields.requireBinary('response');
}

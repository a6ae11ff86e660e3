import { BrokerError } from '@causeway/core';
import { NUMBER_BYTES } from './frame.js';

/** @throws BrokerError `malformed` unless the payload is exactly so many numbers */
export function readNumbers(payload: Buffer, count: number): number[] {
  if (payload.length !== count * NUMBER_BYTES) {
    throw new BrokerError('malformed', `a payload of ${count} numbers has ${payload.length} bytes`);
  }
  return Array.from({ length: count }, (_, index) => {
    return payload.readUIntBE(index * NUMBER_BYTES, NUMBER_BYTES);
  });
}

/** @throws BrokerError `malformed` unless the payload is an object in JSON */
export function readDocument(payload: Buffer): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(payload.toString());
    if (typeof document === 'object' && document !== null) {
      return document as Readonly<Record<string, unknown>>;
    }
  } catch {
    // The same error as for what is no object.
  }
  throw new BrokerError('malformed', 'a payload is no object in JSON');
}

/** @throws BrokerError `malformed` unless the field is text of 1 to 255 characters */
export function textOf(document: Readonly<Record<string, unknown>>, field: string): string {
  const value = document[field];
  if (typeof value === 'string' && value.length > 0 && value.length <= 255) return value;
  throw new BrokerError('malformed', `the field ${field} is missing, or is no short text`);
}

/**
 * The numbers of an answer.
 * @throws BrokerError `protocol-violation` if it is of another type, `malformed`
 */
export function readAnswer(
  expected: number,
  type: number,
  payload: Buffer,
  count: number,
): number[] {
  expectType(expected, type);
  return readNumbers(payload, count);
}

/** @throws BrokerError `protocol-violation` */
export function expectType(expected: number, type: number): void {
  if (type === expected) return;
  throw new BrokerError('protocol-violation', `an answer of type ${type} was not expected`);
}

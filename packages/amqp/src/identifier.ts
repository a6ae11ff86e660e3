import { type AmqpValue, Uuid } from './codec/value.js';
import type { ValueWriter } from './codec/value-writer.js';

/** How JMS writes ids that are not text in AMQP (part 3.2.11 to 3.2.14), as Qpid and ActiveMQ do. */
const PREFIX = {
  binary: 'ID:AMQP_BINARY:',
  ulong: 'ID:AMQP_ULONG:',
  uuid: 'ID:AMQP_UUID:',
} as const;
const HEXADECIMAL = /^([0-9a-f]{2})*$/i;
const DECIMAL = /^\d{1,20}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ULONG_MAX = 2n ** 64n - 1n;

/** A message id or correlation id as text; undefined for what is neither. */
export function identifierText(value: AmqpValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return PREFIX.ulong + String(value);
  if (value instanceof Uuid) return PREFIX.uuid + value.text;
  if (Buffer.isBuffer(value)) return PREFIX.binary + value.toString('hex').toUpperCase();
  return undefined;
}

/** The reverse: an id is written in the type that its text names. */
export function writeIdentifier(writer: ValueWriter, text: string): void {
  const binary = rest(text, PREFIX.binary, HEXADECIMAL);
  if (binary !== null) {
    writer.binary(Buffer.from(binary, 'hex'));
    return;
  }
  const uuid = rest(text, PREFIX.uuid, UUID);
  if (uuid !== null) {
    writer.uuid(uuid);
    return;
  }
  const ulong = rest(text, PREFIX.ulong, DECIMAL);
  if (ulong !== null && BigInt(ulong) <= ULONG_MAX) writer.ulong(BigInt(ulong));
  else writer.string(text);
}

function rest(text: string, prefix: string, form: RegExp): string | null {
  if (!text.startsWith(prefix)) return null;
  const after = text.slice(prefix.length);
  return form.test(after) ? after : null;
}

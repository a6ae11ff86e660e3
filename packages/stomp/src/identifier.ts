import { isUtf8 } from 'node:buffer';

/** How JMS writes an id that is bytes, and so whoever reads it elsewhere. */
const BINARY_PREFIX = 'ID:AMQP_BINARY:';
const HEXADECIMAL = /^([0-9A-F]{2})*$/;

/** A correlation id as text: bytes that are no text are written in hexadecimal. */
export function writeIdentifier(identifier: string | Uint8Array | undefined): string | undefined {
  if (identifier === undefined || typeof identifier === 'string') return identifier;
  const bytes = Buffer.from(identifier);
  if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
  return BINARY_PREFIX + bytes.toString('hex').toUpperCase();
}

/** The reverse: a reply that repeats such an id carries the same bytes. */
export function readIdentifier(text: string | undefined): string | Uint8Array | undefined {
  if (text === undefined || !text.startsWith(BINARY_PREFIX)) return text;
  const digits = text.slice(BINARY_PREFIX.length);
  return HEXADECIMAL.test(digits) ? Buffer.from(digits, 'hex') : text;
}

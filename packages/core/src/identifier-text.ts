/** How JMS writes an id that is bytes, and so whoever reads it elsewhere. */
const BINARY_PREFIX = 'ID:AMQP_BINARY:';
const HEXADECIMAL = /^([0-9A-F]{2})*$/;

/** A correlation id as text: bytes are written in hexadecimal, so that a reply can repeat them. */
export function writeIdentifier(identifier: string | Uint8Array | undefined): string | undefined {
  if (identifier === undefined || typeof identifier === 'string') return identifier;
  return BINARY_PREFIX + Buffer.from(identifier).toString('hex').toUpperCase();
}

/** The reverse: a reply that repeats such an id carries the same bytes. */
export function readIdentifier(text: string | undefined): string | Uint8Array | undefined {
  if (text === undefined || !text.startsWith(BINARY_PREFIX)) return text;
  const digits = text.slice(BINARY_PREFIX.length);
  return HEXADECIMAL.test(digits) ? Buffer.from(digits, 'hex') : text;
}

/** Bytes that cannot be what they claim to be: an underflow, an impossible length, invalid text. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

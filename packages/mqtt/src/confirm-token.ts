/** What is sent when a commit is durable. */
export const CONFIRM = {
  puback: 0,
  pubrec: 1,
  pubcomp: 2,
  pubrel: 3,
  /** A PUBLISH whose packet identifier, or that of one before it, had to be stored. */
  publish: 4,
  /** The next of the encoded replies that wait. */
  reply: 5,
} as const;

/** A confirm as one number, so that waiting for a commit costs no object. */
export function confirmToken(kind: number, packetId: number, detail: number): number {
  return (kind << 24) | (detail << 16) | packetId;
}

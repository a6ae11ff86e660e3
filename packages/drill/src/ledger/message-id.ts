/** The name of a producer's message. */
export function messageId(producer: string, sequence: number): string {
  return `${producer}:${sequence}`;
}

/** Whose message it is, and the how manieth; null when no drill made this id. */
export function parseMessageId(id: string): { producer: string; sequence: number } | null {
  const colon = id.lastIndexOf(':');
  const sequence = Number(id.slice(colon + 1));
  if (colon < 1 || !Number.isSafeInteger(sequence)) return null;
  return { producer: id.slice(0, colon), sequence };
}

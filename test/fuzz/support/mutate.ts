import type { SeededRandom } from '../../support/seeded-random.js';

/** Numbers at which lengths and identifiers go wrong. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff];

/** A conversation, changed in up to `changes` places: bits, bytes, lengths, order, ends. */
export function mutate(
  messages: readonly Buffer[],
  random: SeededRandom,
  changes: number,
): Buffer[] {
  let result: Buffer[] = messages.map((message) => Buffer.from(message));
  for (let count = 0; count < changes; count++) result = mutateOnce(result, random);
  return result;
}

function mutateOnce(messages: Buffer[], random: SeededRandom): Buffer[] {
  const at = random.below(messages.length);
  const message = messages[at];
  if (message === undefined || message.length === 0) return messages;
  const place = random.below(message.length);
  switch (random.below(10)) {
    case 0:
      message[place] = message[place]! ^ (1 << random.below(8));
      return messages;
    case 1:
      message[place] = random.pick(EDGES);
      return messages;
    case 2:
      message[place] = random.below(256);
      return messages;
    case 3:
      return messages.with(at, message.subarray(0, place));
    case 4:
      return messages.with(at, insert(message, place, random.bytes(random.between(1, 16))));
    case 5: // A length that claims more than there is.
      message.fill(0xff, place, Math.min(message.length, place + random.between(1, 4)));
      return messages;
    case 6:
      return messages.toSpliced(random.below(messages.length + 1), 0, Buffer.from(message));
    case 7:
      return messages.toSpliced(at, 1);
    case 8: // The beginning of one and the end of another.
      return messages.with(at, splice(message, random.pick(messages), place, random));
    default: {
      const byte = random.chance(0.5) ? random.pick(EDGES) : random.below(256);
      return messages.with(at, insert(message, place, Buffer.alloc(random.below(2000), byte)));
    }
  }
}

function insert(message: Buffer, place: number, bytes: Buffer): Buffer {
  return Buffer.concat([message.subarray(0, place), bytes, message.subarray(place)]);
}

function splice(message: Buffer, other: Buffer, place: number, random: SeededRandom): Buffer {
  return Buffer.concat([
    message.subarray(0, place),
    other.subarray(random.below(other.length + 1)),
  ]);
}

/** Cuts bytes into chunks: all at once, byte at a time, or anywhere. */
export function cut(bytes: Buffer, random: SeededRandom): Buffer[] {
  const style = random.below(4);
  if (style === 0) return [bytes];
  const longest = style === 1 ? 1 : random.pick([3, 17, 100, 5000]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = random.between(1, longest);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

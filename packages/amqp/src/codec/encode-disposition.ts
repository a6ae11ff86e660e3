/** Frame header, descriptor, list32, role, first, last and settled. */
const FIXED_BYTES = 8 + 3 + 9 + 1 + 5 + 5 + 1;
/** Where the bytes of `last` stand, counted from the start of the frame. */
const LAST_OFFSET = 8 + 3 + 9 + 1 + 5 + 1;
const LIST_OFFSET = 8 + 3;
const FIELDS = 5;

/** Bytes of a disposition with the given encoded state. */
export function dispositionBytes(state: Buffer): number {
  return FIXED_BYTES + state.length;
}

/**
 * Writes a disposition (part 2.7.6). Its fields have a fixed width, so that `extendDisposition` can
 * make the range longer as long as the frame has not left.
 * @param receiver whether it speaks of messages that we received
 */
export function writeDisposition(
  buffer: Buffer,
  start: number,
  channel: number,
  receiver: boolean,
  first: number,
  last: number,
  settled: boolean,
  state: Buffer,
): number {
  const size = dispositionBytes(state);
  let at = buffer.writeUInt32BE(size, start);
  buffer[at++] = 2;
  buffer[at++] = 0;
  buffer[at++] = channel >>> 8;
  buffer[at++] = channel;
  buffer[at++] = 0;
  buffer[at++] = 0x53;
  buffer[at++] = 0x15;
  buffer[at++] = 0xd0;
  // The size of a list counts what follows it (part 1.6.23).
  at = buffer.writeUInt32BE(size - LIST_OFFSET - 5, at);
  at = buffer.writeUInt32BE(FIELDS, at);
  buffer[at++] = receiver ? 0x41 : 0x42;
  buffer[at++] = 0x70;
  at = buffer.writeUInt32BE(first, at);
  buffer[at++] = 0x70;
  at = buffer.writeUInt32BE(last, at);
  buffer[at++] = settled ? 0x41 : 0x42;
  for (let index = 0; index < state.length; index++) buffer[at++] = state[index]!;
  return at;
}

/** Changes the last delivery of a disposition that begins at `start`. */
export function extendDisposition(buffer: Buffer, start: number, last: number): void {
  const at = start + LAST_OFFSET;
  buffer[at] = last >>> 24;
  buffer[at + 1] = last >>> 16;
  buffer[at + 2] = last >>> 8;
  buffer[at + 3] = last;
}

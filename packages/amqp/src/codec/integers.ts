/** Four bytes as an unsigned integer; the caller has checked that they are there. */
export function uint32At(buffer: Buffer, at: number): number {
  const low = (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!;
  return buffer[at]! * 0x1000000 + low;
}

/** Eight bytes as an unsigned integer: a bigint only beyond the safe range. */
export function uint64At(buffer: Buffer, at: number): number | bigint {
  const high = uint32At(buffer, at);
  if (high > 0x1fffff) return buffer.readBigUInt64BE(at);
  return high * 0x100000000 + uint32At(buffer, at + 4);
}

/** Eight bytes as a signed integer: a bigint only beyond the safe range. */
export function int64At(buffer: Buffer, at: number): number | bigint {
  const value = (uint32At(buffer, at) | 0) * 0x100000000 + uint32At(buffer, at + 4);
  return Number.isSafeInteger(value) ? value : buffer.readBigInt64BE(at);
}

/** CRC-32C (Castagnoli), the checksum of LevelDB's own blocks; zlib has another polynomial. */
const TABLE = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0x82f63b78 ^ (rest >>> 1) : rest >>> 1;
  TABLE[byte] = rest;
}

export function crc32c(bytes: Uint8Array): number {
  let rest = -1;
  for (let index = 0; index < bytes.length; index++) {
    rest = TABLE[(rest ^ bytes[index]!) & 0xff]! ^ (rest >>> 8);
  }
  return ~rest >>> 0;
}

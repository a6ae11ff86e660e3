export { ByteReader } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export { ChunkBuffer } from './chunk-buffer.js';
export { OUTPUT_BLOCK_BYTES, OutputBuffer } from './output-buffer.js';
export { Ring } from './ring.js';
export { SlidingMap } from './sliding-map.js';
export { isStrictUtf8, utf8Slice } from './utf8.js';
export { WireError } from './wire-error.js';

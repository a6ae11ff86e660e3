import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { ByteReader, WireError } from '@causeway/wire';
import { crc32c } from './crc32c.js';
import { readNumber } from './integers.js';
import { decompressSnappy } from './snappy.js';

/** LevelDB's table_format.md: two handles, padded, and a magic number. */
const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
/** After each block: its compression and its checksum. */
const TRAILER_BYTES = 5;
const NOT_COMPRESSED = 0;
const INDEX_BYTES_MAX = 64 * 1024 * 1024;
/** Added to the user's key in a table: sequence number and type. */
const KEY_SUFFIX_BYTES = 8;
const MASK_DELTA = 0xa282ead8;

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

interface IndexEntry {
  /** At or above the last key of the block, and below the first of the next. */
  readonly separator: Buffer;
  readonly handle: BlockHandle;
}

/** Whether a block with keys after `above` (null: unknown) and up to `upTo` has to be checked. */
export type WantsBlock = (above: Buffer | null, upTo: Buffer) => boolean;

/**
 * Checks blocks of a table of LevelDB, which never looks at their checksums itself and may even
 * abort the process over a damaged one. Index and filter are always checked.
 * @returns what is damaged, or null
 */
export function checkTable(path: string, wantsBlock: WantsBlock): string | null {
  const file = openSync(path, 'r');
  try {
    new Table(file).check(wantsBlock);
    return null;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return `table ${basename(path)}: ${error.message}`;
  } finally {
    closeSync(file);
  }
}

class Table {
  readonly #file: number;
  readonly #size: number;

  constructor(file: number) {
    this.#file = file;
    this.#size = fstatSync(file).size;
  }

  check(wantsBlock: WantsBlock): void {
    const footer = this.#read({ offset: this.#size - FOOTER_BYTES, size: FOOTER_BYTES });
    if (!footer.subarray(FOOTER_BYTES - MAGIC.length).equals(MAGIC)) {
      throw new WireError('its end is missing');
    }
    const reader = new ByteReader(footer);
    const metaIndex = readHandle(reader);
    const index = readHandle(reader);
    for (const { handle } of this.#index(metaIndex)) this.#verified(handle);
    let above: Buffer | null = null;
    for (const { separator, handle } of this.#index(index)) {
      if (wantsBlock(above, separator)) this.#verified(handle);
      above = separator;
    }
  }

  *#index(handle: BlockHandle): Generator<IndexEntry> {
    const block = this.#contents(handle);
    const restarts = block.readUInt32LE(block.length - 4);
    const reader = new ByteReader(block, 0, Math.max(block.length - 4 - restarts * 4, 0));
    let key = Buffer.alloc(0);
    while (reader.remaining > 0) {
      const shared = readNumber(reader);
      const added = readNumber(reader);
      readNumber(reader);
      key = Buffer.concat([key.subarray(0, shared), reader.bytes(added)]);
      const separator = key.subarray(0, Math.max(key.length - KEY_SUFFIX_BYTES, 0));
      yield { separator, handle: readHandle(reader) };
    }
  }

  #contents(handle: BlockHandle): Buffer {
    const bytes = this.#verified(handle);
    const contents = bytes.subarray(0, handle.size);
    if (bytes[handle.size] === NOT_COMPRESSED) return contents;
    return decompressSnappy(new ByteReader(contents), INDEX_BYTES_MAX);
  }

  /** A block as it is in the file, with its trailer. */
  #verified({ offset, size }: BlockHandle): Buffer {
    const bytes = this.#read({ offset, size: size + TRAILER_BYTES });
    const sum = crc32c(bytes.subarray(0, size + 1));
    if (mask(sum) !== bytes.readUInt32LE(size + 1)) {
      throw new WireError(`the checksum of the block at ${offset} is wrong`);
    }
    return bytes;
  }

  #read({ offset, size }: BlockHandle): Buffer {
    if (offset < 0 || offset + size > this.#size) throw new WireError('it is too short');
    const bytes = Buffer.allocUnsafe(size);
    readSync(this.#file, bytes, 0, size, offset);
    return bytes;
  }
}

function readHandle(reader: ByteReader): BlockHandle {
  return { offset: readNumber(reader), size: readNumber(reader) };
}

/** LevelDB stores its checksums turned, since checksums of checksums are weak. */
function mask(sum: number): number {
  return (((sum >>> 15) | (sum << 17)) + MASK_DELTA) >>> 0;
}

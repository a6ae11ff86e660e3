import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { BrokerError } from '@causeway/core';

/** Before each chunk: its length and its CRC-32. */
const HEADER_BYTES = 8;
export const CHUNK_BYTES_MAX = 1024 * 1024;

/** The chunks of a snapshot in a file, one after the other. */
export class SnapshotFile {
  readonly #file: FileHandle;
  /** Where each chunk begins. */
  readonly #offsets: number[] = [];
  #bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Finds the chunks of a file by their headers. */
  static async index(file: FileHandle): Promise<SnapshotFile> {
    const found = new SnapshotFile(file);
    const { size } = await file.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    while (found.#bytes < size) {
      await file.read(header, 0, HEADER_BYTES, found.#bytes);
      found.#offsets.push(found.#bytes);
      found.#bytes += HEADER_BYTES + header.readUInt32BE(0);
    }
    return found;
  }

  get chunks(): number {
    return this.#offsets.length;
  }

  /** Bytes of all chunks. */
  get bytes(): number {
    return this.#bytes - this.#offsets.length * HEADER_BYTES;
  }

  /** Appends a chunk; one call at a time. */
  async append(chunk: Buffer): Promise<void> {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(chunk.length, 0);
    header.writeUInt32BE(crc32(chunk), 4);
    await this.#file.writev([header, chunk], this.#bytes);
    this.#offsets.push(this.#bytes);
    this.#bytes += HEADER_BYTES + chunk.length;
  }

  /** @throws BrokerError `storage-corrupt` for one that is damaged, or that is not there */
  async chunk(index: number): Promise<Buffer> {
    const at = this.#offsets[index];
    if (at === undefined) throw new BrokerError('storage-corrupt', `there is no chunk ${index}`);
    const end = this.#offsets[index + 1] ?? this.#bytes;
    const stored = Buffer.allocUnsafe(end - at);
    const { bytesRead } = await this.#file.read(stored, 0, stored.length, at);
    const chunk = stored.subarray(HEADER_BYTES);
    if (bytesRead === stored.length && crc32(chunk) === stored.readUInt32BE(4)) return chunk;
    throw new BrokerError('storage-corrupt', `chunk ${index} of the snapshot is damaged`);
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

import { createHash } from 'node:crypto';
import { BrokerError } from '@causeway/core';
import type { SnapshotFile } from './snapshot-file.js';
import type { SnapshotManifest } from './snapshot-manifest.js';

type Origin = Pick<SnapshotManifest, 'id' | 'node' | 'from' | 'to'>;
/** Gets the manifest of a whole snapshot, or null for one that was given up. */
type Ended = (manifest: SnapshotManifest | null, file: SnapshotFile) => Promise<void>;

/** A snapshot that is arriving. Calls may overlap: they are done in their order. */
export class SnapshotUpload {
  readonly #origin: Origin;
  readonly #file: SnapshotFile;
  readonly #bytesMax: number;
  readonly #ended: Ended;
  readonly #hash = createHash('sha256');
  #work: Promise<unknown> = Promise.resolve();
  #over = false;

  constructor(origin: Origin, file: SnapshotFile, bytesMax: number, ended: Ended) {
    this.#origin = origin;
    this.#file = file;
    this.#bytesMax = bytesMax;
    this.#ended = ended;
  }

  get node(): string {
    return this.#origin.node;
  }

  /** @throws BrokerError `too-large`, `storage-failed`; it is given up then */
  put(chunk: Buffer): Promise<void> {
    return this.#next(async () => {
      if (this.#file.bytes + chunk.length > this.#bytesMax) {
        throw new BrokerError('too-large', `a snapshot may have ${this.#bytesMax} bytes`);
      }
      this.#hash.update(chunk);
      await this.#file.append(chunk);
    });
  }

  /**
   * Makes it the one that is served, once all of it is on the disk.
   * @param digest what the chunks add up to at the sender's
   * @throws BrokerError `storage-corrupt` if they do not here, `storage-failed`
   */
  complete(entries: number, digest: string): Promise<SnapshotManifest> {
    return this.#next(async () => {
      if (this.#hash.digest('hex') !== digest) {
        throw new BrokerError('storage-corrupt', 'the snapshot has not arrived as it was sent');
      }
      await this.#file.sync();
      const { chunks, bytes } = this.#file;
      const manifest = { ...this.#origin, entries, chunks, bytes, digest };
      await this.#ended(manifest, this.#file);
      this.#over = true;
      return manifest;
    });
  }

  abandon(): Promise<void> {
    this.#work = this.#work.then(() => this.#giveUp());
    return this.#work as Promise<void>;
  }

  #next<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#work.then(async () => {
      if (this.#over) throw new BrokerError('protocol-violation', 'this snapshot was given up');
      try {
        return await step();
      } catch (error) {
        await this.#giveUp();
        if (error instanceof BrokerError) throw error;
        const { message } = error as Error;
        throw new BrokerError('storage-failed', `a snapshot cannot be stored: ${message}`, error);
      }
    });
    this.#work = result.catch(() => {});
    return result;
  }

  async #giveUp(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#file.close();
    await this.#ended(null, this.#file);
  }
}

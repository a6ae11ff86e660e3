import { createHash } from 'node:crypto';
import { BrokerError } from '@causeway/core';
import { ClientUpload } from './client-upload.js';
import { encodeFrame } from './frame.js';
import { FRAME } from './frame-type.js';
import { expectType, readAnswer, readDocument } from './payload.js';
import type { Ask } from './region-request.js';
import type { SnapshotManifest } from './snapshot-manifest.js';

/** A node's view of the snapshots in the region. Everything rejects when the region is away. */
export class ClientSnapshots {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** This node cannot go on without a snapshot: the others are told. */
  async request(): Promise<void> {
    const frame = (request: number): Buffer => encodeFrame(FRAME.snapshotWanted, request);
    await this.#ask({ frame, repeatable: true }, (type, payload) => {
      return readAnswer(FRAME.numbers, type, payload, 0);
    });
  }

  /** The newest whole one; null for none. */
  async latest(): Promise<SnapshotManifest | null> {
    const frame = (request: number): Buffer => encodeFrame(FRAME.snapshotLatest, request);
    return this.#ask({ frame, repeatable: true }, (type, payload) => {
      expectType(FRAME.document, type);
      return readDocument(payload).latest as SnapshotManifest | null;
    });
  }

  /**
   * Begins to upload one of the state between two sequences; see `SnapshotManifest`.
   * Rejects with `server-busy` while another node uploads one.
   */
  async begin(from: number, to: number): Promise<ClientUpload> {
    const frame = (request: number): Buffer => {
      return encodeFrame(FRAME.snapshotBegin, request, [from, to]);
    };
    await this.#ask({ frame, repeatable: false }, (type, payload) => {
      return readAnswer(FRAME.numbers, type, payload, 0);
    });
    return new ClientUpload(this.#ask);
  }

  /**
   * The chunks of a snapshot, in order.
   * @throws BrokerError `storage-corrupt` if it is not what its manifest says, which is known at the
   *   end only; `address-not-found` when a newer one has taken its place
   */
  async *read(manifest: SnapshotManifest): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    for (let index = 0; index < manifest.chunks; index++) {
      const chunk = await this.#chunk(manifest.id, index);
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest('hex') === manifest.digest) return;
    throw new BrokerError('storage-corrupt', `snapshot ${manifest.id} is damaged`);
  }

  #chunk(id: number, index: number): Promise<Buffer> {
    const frame = (request: number): Buffer => {
      return encodeFrame(FRAME.snapshotRead, request, [id, index]);
    };
    return this.#ask({ frame, repeatable: true }, (type, payload) => {
      expectType(FRAME.chunk, type);
      return payload;
    });
  }
}

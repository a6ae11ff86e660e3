import { createHash } from 'node:crypto';
import { encodeDocument, encodeFrame } from './frame.js';
import { FRAME } from './frame-type.js';
import { expectType, readAnswer, readDocument } from './payload.js';
import type { Ask } from './region-request.js';
import type { SnapshotManifest } from './snapshot-manifest.js';

/** The disk may be busy with more than this. */
const TIMEOUT_MS = 30_000;

/** A snapshot that a node uploads. When a call rejects, the upload is over. */
export class ClientUpload {
  readonly #ask: Ask;
  readonly #hash = createHash('sha256');

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Adds a chunk of at most 1 MiB. Resolves when the region has it: wait for each. */
  async put(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk);
    await this.#request(
      (request) => encodeFrame(FRAME.snapshotPut, request, [], chunk.length),
      chunk,
    );
  }

  /** Resolves when it is the snapshot that the region serves. */
  complete(entries: number): Promise<SnapshotManifest> {
    const end = { entries, digest: this.#hash.digest('hex') };
    const frame = (request: number): Buffer => {
      return encodeDocument(FRAME.snapshotComplete, request, end);
    };
    const question = { frame, repeatable: false, timeoutMs: TIMEOUT_MS };
    return this.#ask(question, (type, payload) => {
      expectType(FRAME.document, type);
      return readDocument(payload) as unknown as SnapshotManifest;
    });
  }

  async abandon(): Promise<void> {
    await this.#request((request) => encodeFrame(FRAME.snapshotAbandon, request));
  }

  async #request(frame: (request: number) => Buffer, body?: Buffer): Promise<void> {
    const question = { frame, repeatable: false, timeoutMs: TIMEOUT_MS };
    await this.#ask(body === undefined ? question : { ...question, body }, (type, payload) => {
      return readAnswer(FRAME.numbers, type, payload, 0);
    });
  }
}

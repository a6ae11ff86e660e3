import { BrokerError } from '@causeway/core';
import { encodeDocument, encodeFrame } from './frame.js';
import { FRAME } from './frame-type.js';
import type { NodeConnection, NodeRegistry } from './node-registry.js';
import { readDocument, readNumbers, textOf } from './payload.js';
import { CHUNK_BYTES_MAX } from './snapshot-file.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { SnapshotUpload } from './snapshot-upload.js';
import { errorDocument } from './wire-error.js';

/** Requests that may wait for the disk at a time. */
const WAITING_MAX = 16;

/** What a node asks of the snapshots, over its connection. */
export class SnapshotRequests {
  readonly #store: SnapshotStore;
  readonly #registry: NodeRegistry;
  readonly #connection: NodeConnection;
  #upload: SnapshotUpload | null = null;
  #waiting = 0;

  constructor(store: SnapshotStore, registry: NodeRegistry, connection: NodeConnection) {
    this.#store = store;
    this.#registry = registry;
    this.#connection = connection;
  }

  /** @throws BrokerError `malformed`, `protocol-violation` */
  handle(type: number, request: number, payload: Buffer): void {
    if (++this.#waiting > WAITING_MAX) {
      throw new BrokerError('protocol-violation', 'too many requests for snapshots at a time');
    }
    this.#start(type, request, payload)
      .catch((error: unknown) => {
        if (!(error instanceof BrokerError)) throw error;
        this.#connection.tell(encodeDocument(FRAME.failed, request, errorDocument(error)));
      })
      .finally(() => {
        this.#waiting--;
      });
  }

  /** The connection is gone: what it has not completed never will be. */
  gone(): void {
    void this.#upload?.abandon();
  }

  #start(type: number, request: number, payload: Buffer): Promise<void> {
    switch (type) {
      case FRAME.snapshotWanted:
        return this.#wanted(request);
      case FRAME.snapshotBegin:
        return this.#begin(request, readNumbers(payload, 2));
      case FRAME.snapshotPut:
        return this.#put(request, payload);
      case FRAME.snapshotComplete:
        return this.#complete(request, readDocument(payload));
      case FRAME.snapshotAbandon:
        return this.#abandon(request);
      case FRAME.snapshotLatest:
        return this.#answer(request, { latest: this.#store.latest });
      case FRAME.snapshotRead:
        return this.#read(request, readNumbers(payload, 2));
      default:
        throw new BrokerError('protocol-violation', `frames of type ${type} are not known`);
    }
  }

  async #wanted(request: number): Promise<void> {
    const { name } = this.#connection.node;
    const frame = encodeDocument(FRAME.snapshotWanted, 0, { node: name });
    for (const other of this.#registry.all()) if (other !== this.#connection) other.tell(frame);
    this.#connection.tell(encodeFrame(FRAME.numbers, request));
  }

  async #begin(request: number, [from, to]: number[]): Promise<void> {
    this.#upload = await this.#store.begin(this.#connection.node.name, from!, to!);
    this.#connection.tell(encodeFrame(FRAME.numbers, request));
  }

  async #put(request: number, chunk: Buffer): Promise<void> {
    if (chunk.length === 0 || chunk.length > CHUNK_BYTES_MAX) {
      throw new BrokerError('too-large', `a chunk may have 1 to ${CHUNK_BYTES_MAX} bytes`);
    }
    await this.#begun().put(chunk);
    this.#connection.tell(encodeFrame(FRAME.numbers, request));
  }

  async #complete(request: number, document: Readonly<Record<string, unknown>>): Promise<void> {
    const { entries } = document;
    if (!Number.isSafeInteger(entries)) throw new BrokerError('malformed', 'entries is no number');
    const upload = this.#begun();
    this.#upload = null;
    await this.#answer(
      request,
      await upload.complete(entries as number, textOf(document, 'digest')),
    );
  }

  async #abandon(request: number): Promise<void> {
    await this.#upload?.abandon();
    this.#connection.tell(encodeFrame(FRAME.numbers, request));
  }

  async #answer(request: number, document: unknown): Promise<void> {
    this.#connection.tell(encodeDocument(FRAME.document, request, document));
  }

  async #read(request: number, [id, index]: number[]): Promise<void> {
    const chunk = await this.#store.chunk(id!, index!);
    this.#connection.tell(encodeFrame(FRAME.chunk, request, [], chunk.length), chunk);
  }

  #begun(): SnapshotUpload {
    if (this.#upload !== null) return this.#upload;
    throw new BrokerError('protocol-violation', 'no snapshot was begun on this connection');
  }
}

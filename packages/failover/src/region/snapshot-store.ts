import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BrokerError, type Log } from '@causeway/core';
import { SnapshotFile } from './snapshot-file.js';
import type { SnapshotManifest } from './snapshot-manifest.js';
import { SnapshotUpload } from './snapshot-upload.js';

interface Snapshot {
  readonly manifest: SnapshotManifest;
  readonly file: SnapshotFile;
}

/**
 * The newest whole snapshot of the nodes' state, in files beside the log, for a node that is behind
 * the log's first record. One at a time is being uploaded; only a whole one is ever served.
 */
export class SnapshotStore {
  readonly #folder: string;
  readonly #log: Log;
  readonly #bytesMax: number;
  #latest: Snapshot | null = null;
  #upload: SnapshotUpload | null = null;
  #lastId = 0;

  private constructor(folder: string, bytesMax: number, log: Log) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#log = log;
  }

  /**
   * @param bytesMax bytes of the chunks of a snapshot at most
   * @throws BrokerError `storage-failed`
   */
  static async open(folder: string, bytesMax: number, log: Log): Promise<SnapshotStore> {
    const store = new SnapshotStore(join(folder, 'snapshots'), bytesMax, log);
    await mkdir(store.#folder, { recursive: true }).catch(failed);
    await store.#load().catch(failed);
    return store;
  }

  get latest(): SnapshotManifest | null {
    return this.#latest?.manifest ?? null;
  }

  /**
   * Begins an upload; one that the same node had begun is given up.
   * @throws BrokerError `server-busy` while another node uploads one, `storage-failed`
   */
  async begin(node: string, from: number, to: number): Promise<SnapshotUpload> {
    if (this.#upload !== null) {
      if (this.#upload.node !== node) {
        throw new BrokerError('server-busy', `${this.#upload.node} is uploading a snapshot`);
      }
      await this.#upload.abandon();
    }
    const id = ++this.#lastId;
    const path = this.#path(id, 'data');
    const file = await open(path, 'w+', 0o600).catch(failed);
    const upload = new SnapshotUpload(
      { id, node, from, to },
      new SnapshotFile(file),
      this.#bytesMax,
      async (manifest, whole) => {
        if (manifest === null) await rm(path, { force: true });
        else await this.#replace({ manifest, file: whole });
        if (this.#upload === upload) this.#upload = null;
      },
    );
    this.#upload = upload;
    return upload;
  }

  /** @throws BrokerError `address-not-found` if a newer one has taken its place, `storage-corrupt` */
  chunk(id: number, index: number): Promise<Buffer> {
    if (this.#latest?.manifest.id === id) return this.#latest.file.chunk(index);
    throw new BrokerError('address-not-found', `there is no snapshot ${id} any more`);
  }

  async close(): Promise<void> {
    await this.#upload?.abandon();
    await this.#latest?.file.close();
    this.#latest = null;
  }

  /** The manifest makes the snapshot valid: it is written when all else is on the disk. */
  async #replace(snapshot: Snapshot): Promise<void> {
    const { id } = snapshot.manifest;
    const path = this.#path(id, 'json');
    const draft = await open(`${path}.new`, 'w', 0o600);
    await draft.writeFile(JSON.stringify(snapshot.manifest));
    await draft.sync();
    await draft.close();
    await rename(`${path}.new`, path);
    const folder = await open(this.#folder, 'r');
    await folder.sync();
    await folder.close();
    const before = this.#latest;
    this.#latest = snapshot;
    this.#log.info('snapshot complete', { ...snapshot.manifest });
    if (before === null) return;
    await rm(this.#path(before.manifest.id, 'json'), { force: true });
    await before.file.close();
    await rm(this.#path(before.manifest.id, 'data'), { force: true });
  }

  async #load(): Promise<void> {
    const names = await readdir(this.#folder);
    const ids = names.map((name) => Number.parseInt(name, 10)).filter(Number.isSafeInteger);
    this.#lastId = Math.max(0, ...ids);
    const whole = ids.filter((id) => names.includes(`${id}.json`));
    for (const id of whole.sort((left, right) => right - left)) {
      this.#latest ??= await this.#open(id);
    }
    const kept = this.#latest?.manifest.id;
    for (const name of names) {
      if (kept === undefined || (name !== `${kept}.json` && name !== `${kept}.data`)) {
        await rm(join(this.#folder, name), { force: true });
      }
    }
  }

  /** Null for one that cannot be used: an upload makes a new one. */
  async #open(id: number): Promise<Snapshot | null> {
    try {
      const manifest = JSON.parse(await readFile(this.#path(id, 'json'), 'utf8'));
      const file = await SnapshotFile.index(await open(this.#path(id, 'data'), 'r'));
      if (file.bytes === manifest.bytes && file.chunks === manifest.chunks) {
        return { manifest, file };
      }
      await file.close();
      this.#log.warn('snapshot is not whole', { id });
    } catch (error) {
      this.#log.warn('snapshot cannot be read', { id, reason: (error as Error).message });
    }
    return null;
  }

  #path(id: number, suffix: string): string {
    return join(this.#folder, `${id}.${suffix}`);
  }
}

function failed(error: unknown): never {
  const { message } = error as Error;
  throw new BrokerError('storage-failed', `snapshots cannot be stored: ${message}`, error);
}

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@causeway/core';
import type { LogStore } from '../log-store.js';
import type { Member, MemberTable } from './member-table.js';
import type { RegionRetention } from './region-options.js';
import type { SnapshotStore } from './snapshot-store.js';

const HOUR_MS = 3_600_000;
/** Nodes are asked again when they have not made a snapshot in this time. */
const WANTED_EVERY_MS = 60_000;

export interface TrimmerOptions {
  readonly store: LogStore;
  readonly members: MemberTable;
  readonly snapshots: SnapshotStore;
  /** Members that must have what is forgotten. */
  readonly copies: number;
  readonly retention: RegionRetention;
  readonly log: Log;
  isConnected(member: Member): boolean;
  /** The log grows because members are away: somebody should make a snapshot. */
  wantSnapshot(): void;
}

/**
 * Decides what the log forgets: what enough members have on their own disks. When the log has
 * become too long since too few have come along, also what the newest snapshot covers.
 */
export class Trimmer {
  readonly #options: TrimmerOptions;
  #bytes = 0;
  #wantedMs = Number.NEGATIVE_INFINITY;

  constructor(options: TrimmerOptions) {
    this.#options = options;
  }

  /** Bytes of the log on the disk, as `check` found them. */
  get bytes(): number {
    return this.#bytes;
  }

  async trim(): Promise<void> {
    const { store, members, copies } = this.#options;
    await store.trim(members.durableOn(copies));
  }

  /** Measures the log, and sees to one that has been kept for too long. */
  async check(): Promise<void> {
    const { store, snapshots, log } = this.#options;
    this.#bytes = await folderBytes(store.location);
    if (store.first > store.tail || !this.#isOverdue()) return;
    // Whoever takes it needs the records after `from`.
    const covered = snapshots.latest?.from ?? 0;
    if (covered < store.first) {
      if (performance.now() - this.#wantedMs < WANTED_EVERY_MS) return;
      this.#wantedMs = performance.now();
      log.warn('log waits for a snapshot', { first: store.first, bytes: this.#bytes });
      this.#options.wantSnapshot();
      return;
    }
    log.warn('log trimmed without all members', { upTo: covered, snapshot: snapshots.latest?.id });
    await store.trim(covered);
  }

  #isOverdue(): boolean {
    const { retention, members } = this.#options;
    if (this.#bytes > retention.bytes) return true;
    const absentMs = retention.hours * HOUR_MS;
    return members.all().some((member) => {
      return !this.#options.isConnected(member) && Date.now() - member.seenMs > absentMs;
    });
  }
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    if (!/\.(ldb|log)$/.test(name)) continue;
    // LevelDB deletes files at any time.
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}

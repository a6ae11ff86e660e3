import type { Log } from '@causeway/core';
import { logKey, logKeyNumber, logKeyRange } from '../log-keys.js';
import type { LogStore } from '../log-store.js';
import { decodeStored, encodeStored } from '../stored-document.js';

/** A node that the region has ever heard of. */
export interface Member {
  readonly name: string;
  /** Everything up to it is on the node's own disk. */
  durable: number;
  /** When it was last connected, as a wall clock in milliseconds since 1970. */
  seenMs: number;
  /** Number of the key that holds it; 0 for none. */
  version: number;
}

const MEMBERS_MAX = 64;

/** The nodes and how far they have come: what decides what the log may forget. */
export class MemberTable {
  readonly #store: LogStore;
  readonly #log: Log;
  readonly #members = new Map<string, Member>();
  #version = 0;

  private constructor(store: LogStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** @throws BrokerError `storage-corrupt`, `storage-failed` */
  static async load(store: LogStore, log: Log): Promise<MemberTable> {
    const table = new MemberTable(store, log);
    await store.scan(logKeyRange('member'), (key, value) => {
      const stored = decodeStored<Omit<Member, 'version'>>(store.location, key, value);
      // In the order of their versions: the last one of a name stands.
      table.#version = logKeyNumber(key);
      table.#members.set(stored.name, { ...stored, version: table.#version });
    });
    return table;
  }

  all(): Member[] {
    return [...this.#members.values()];
  }

  /** The member of a name, which may be new; null when there are too many. */
  known(name: string): Member | null {
    const known = this.#members.get(name);
    if (known !== undefined) return known;
    if (this.#members.size >= MEMBERS_MAX) return null;
    const member: Member = { name, durable: 0, seenMs: Date.now(), version: 0 };
    this.#members.set(name, member);
    return member;
  }

  /** Records how far a member has come; it may fall back, when its disk was replaced. */
  async report(member: Member, durable: number): Promise<void> {
    member.durable = Math.min(durable, this.#store.tail);
    await this.#write(member);
  }

  /** Records when it was last connected. */
  left(member: Member): void {
    member.seenMs = Date.now();
    this.#write(member).catch((error: unknown) => {
      this.#log.debug('a member could not be recorded', { name: member.name, error });
    });
  }

  /** What so many members have on their disks; 0 while there are fewer. */
  durableOn(count: number): number {
    const ends = this.all().map(({ durable }) => durable);
    ends.sort((left, right) => right - left);
    return ends[count - 1] ?? 0;
  }

  #write(member: Member): Promise<void> {
    return this.#store.write((batch) => {
      const { version, ...stored } = member;
      if (version > 0) batch.delete(logKey('member', version));
      member.version = ++this.#version;
      const key = logKey('member', member.version);
      batch.put(key, encodeStored(key, stored));
    });
  }
}

import type { LogStore } from '../log-store.js';
import type { MemberTable } from './member-table.js';

/** Has the log forget what enough members have on their own disks, and nothing else. */
export class Trimmer {
  readonly #store: LogStore;
  readonly #members: MemberTable;
  readonly #copies: number;

  /** @param copies members that must have what is forgotten */
  constructor(store: LogStore, members: MemberTable, copies: number) {
    this.#store = store;
    this.#members = members;
    this.#copies = copies;
  }

  async trim(): Promise<void> {
    await this.#store.trim(this.#members.durableOn(this.#copies));
  }
}

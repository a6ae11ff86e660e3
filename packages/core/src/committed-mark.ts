/**
 * A number that only rises, of which the durable value is needed: it takes effect when the commit
 * it was raised in is durable. Since at most one commit is being written and one is open, two
 * values that are not durable yet are enough.
 */
export class CommittedMark {
  #durable: number;
  #olderCommit = 0;
  #older: number;
  #newerCommit = 0;
  #newer: number;

  constructor(initial: number) {
    this.#durable = initial;
    this.#older = initial;
    this.#newer = initial;
  }

  /** The value, durable or not. */
  get staged(): number {
    return this.#newer;
  }

  /** The commit that the staged value was raised in. */
  get commit(): number {
    return this.#newerCommit;
  }

  raise(value: number, commit: number): void {
    if (commit !== this.#newerCommit) {
      this.#durable = this.#older;
      this.#older = this.#newer;
      this.#olderCommit = this.#newerCommit;
      this.#newerCommit = commit;
    }
    this.#newer = value;
  }

  /** The value once `durableCommit` is durable. */
  durable(durableCommit: number): number {
    if (this.#newerCommit <= durableCommit) return this.#newer;
    if (this.#olderCommit <= durableCommit) return this.#older;
    return this.#durable;
  }
}

import type { History } from './history.js';

export type InvariantName = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10';

export type Verdict = 'PASS' | 'FAIL' | 'UNKNOWN';

/** A counter-example. */
export interface Finding {
  readonly message: string;
  /** The message that it is about. */
  readonly id?: string;
  /** Lines of the ledger, counted from 1. */
  readonly lines: readonly number[];
}

/** What checking one invariant came to. */
export interface Check {
  /** How many things were looked at; with none the invariant was not exercised. */
  readonly checked: number;
  readonly findings: readonly Finding[];
  /** How many findings are within the limits of the plan. */
  readonly tolerated?: number;
  /** Why nothing can be said, if so. */
  readonly unknown?: string;
  /** What else is worth saying. */
  readonly note?: string;
}

/** Something that must hold of every history. */
export interface Invariant {
  readonly name: InvariantName;
  readonly title: string;
  check(history: History): Check;
}

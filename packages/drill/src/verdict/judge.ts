import { BOUNDED } from './bounded.js';
import { DRAINED } from './drained.js';
import type { History } from './history.js';
import type { Finding, Invariant, InvariantName, Verdict } from './invariant.js';
import { NO_LOSS } from './no-loss.js';
import { NOTHING_UNEXPECTED } from './nothing-unexpected.js';
import { ORDER_IS_KEPT } from './order-is-kept.js';
import { REDELIVERY_IS_FLAGGED } from './redelivery-is-flagged.js';
import { SETTLED_STAYS_SETTLED } from './settled-stays-settled.js';
import { SINGLE_WRITER } from './single-writer.js';
import { STATE_SURVIVES } from './state-survives.js';
import { TRANSACTIONS_ARE_WHOLE } from './transactions-are-whole.js';

export const INVARIANTS: readonly Invariant[] = [
  NO_LOSS,
  SETTLED_STAYS_SETTLED,
  REDELIVERY_IS_FLAGGED,
  ORDER_IS_KEPT,
  NOTHING_UNEXPECTED,
  SINGLE_WRITER,
  TRANSACTIONS_ARE_WHOLE,
  STATE_SURVIVES,
  DRAINED,
  BOUNDED,
];

/** Enough to start from; the ledger has the others. */
const FINDINGS_MAX = 20;

export interface Judgement {
  readonly name: InvariantName;
  readonly title: string;
  readonly verdict: Verdict;
  /** False when nothing in the run could have broken it; it does not count then. */
  readonly exercised: boolean;
  readonly checked: number;
  readonly failures: number;
  /** The first of them. */
  readonly findings: readonly Finding[];
  readonly note: string;
}

export interface Judgements {
  /** `FAIL` if any is, or else `UNKNOWN` if any that was exercised is. */
  readonly verdict: Verdict;
  readonly invariants: readonly Judgement[];
}

/** Judges a ledger. A run that was broken off, or in which nothing happened, passes nothing. */
export function judge(history: History): Judgements {
  const invariants = INVARIANTS.map((invariant) => judgeOne(invariant, history));
  const counted = invariants.filter(({ exercised }) => exercised);
  const ended = history.of('phase').some(({ phase }) => phase === 'end');
  const known = ended && history.of('confirm').length > 0;
  const verdict = counted.some((judgement) => judgement.verdict === 'FAIL')
    ? 'FAIL'
    : !known || counted.some((judgement) => judgement.verdict === 'UNKNOWN')
      ? 'UNKNOWN'
      : 'PASS';
  return { verdict, invariants };
}

function judgeOne(invariant: Invariant, history: History): Judgement {
  const { name, title } = invariant;
  const check = invariant.check(history);
  const failures = check.findings.length;
  const failed = failures > (check.tolerated ?? 0);
  const exercised = check.checked > 0 || failures > 0;
  const notes = [
    exercised ? null : 'nothing in this run could have broken it',
    check.unknown ?? null,
    check.note ?? null,
    failures > 0 && !failed ? `${failures} within the limit of ${check.tolerated}` : null,
  ];
  return {
    name,
    title,
    verdict: failed ? 'FAIL' : !exercised || check.unknown !== undefined ? 'UNKNOWN' : 'PASS',
    exercised,
    checked: check.checked,
    failures,
    findings: check.findings.slice(0, FINDINGS_MAX),
    note: notes.filter((text) => text !== null).join('; '),
  };
}

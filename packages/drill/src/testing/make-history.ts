import type { LedgerEntry, LedgerEvent } from '../ledger/ledger-event.js';
import type { Plan } from '../plan/plan.js';
import { parsePlan } from '../plan/read-plan.js';
import { History } from '../verdict/history.js';
import type { InvariantName } from '../verdict/invariant.js';
import { judge } from '../verdict/judge.js';

const NANOSECONDS_PER_LINE = 1e6;

/** A plan with one lane, and what a test wants different. */
export function makePlan(changes: Partial<Plan> = {}): Plan {
  const source = '{ name: test, every: 10s, workload: [{ client: stomp }] }';
  return { ...parsePlan('test', source), ...changes };
}

/** Stamps entries a millisecond apart, after a line for the run; an entry may bring its own `t`. */
export function makeEvents(
  entries: readonly (LedgerEntry & { readonly t?: number })[],
  plan: Partial<Plan> = {},
): LedgerEvent[] {
  const run: LedgerEntry = {
    ...{ kind: 'run', format: 1, plan: makePlan(plan), target: 'test' },
    at: '2026-01-01T00:00:00.000Z',
  };
  return [run, ...entries].map((entry, index) => ({ t: index * NANOSECONDS_PER_LINE, ...entry }));
}

export function makeHistory(
  entries: readonly (LedgerEntry & { readonly t?: number })[],
  plan: Partial<Plan> = {},
): History {
  return new History(makeEvents(entries, plan));
}

/** The names of the invariants that a history breaks. */
export function broken(history: History): InvariantName[] {
  return judge(history)
    .invariants.filter(({ verdict }) => verdict === 'FAIL')
    .map(({ name }) => name);
}

/** Entries for one producer `p` and one consumer `c` of a queue. */
export const entry = {
  producer: (client = 'p', destination = 'q'): LedgerEntry => ({
    ...{ kind: 'client', client, lane: 'lane', library: 'stomp', role: 'producer', destination },
    session: false,
  }),
  consumer: (client = 'c', destination = 'q', session = false): LedgerEntry => ({
    ...{ kind: 'client', client, lane: 'lane', library: 'stomp', role: 'consumer', destination },
    ...{ subscription: destination, session },
  }),
  connected: (client: string, epoch?: number, resumed?: boolean): LedgerEntry => ({
    ...{ kind: 'connected', client, address: '127.0.0.1:1' },
    ...(epoch === undefined ? {} : { epoch }),
    ...(resumed === undefined ? {} : { resumed }),
  }),
  send: (sequence: number, attempt = 1, transaction?: string): LedgerEntry => ({
    ...{ kind: 'send', client: 'p', id: `p:${sequence}`, attempt, crc: sequence },
    ...(transaction === undefined ? {} : { transaction }),
  }),
  confirm: (sequence: number): LedgerEntry => ({
    kind: 'confirm',
    client: 'p',
    id: `p:${sequence}`,
  }),
  deliver: (sequence: number, redelivered = false, client = 'c'): LedgerEntry => ({
    ...{ kind: 'deliver', client, id: `p:${sequence}`, redelivered, crc: sequence },
  }),
  settled: (sequence: number, client = 'c'): LedgerEntry => ({
    ...{ kind: 'settled', client, id: `p:${sequence}` },
  }),
  drained: (remaining: number | null = 0, subscription = 'q'): LedgerEntry => ({
    ...{ kind: 'drained', subscription, remaining },
  }),
  role: (node: string, epoch: number | null, role = 'active'): LedgerEntry => ({
    ...{ kind: 'role', node, role, epoch },
  }),
  transaction: (
    transaction: string,
    step: 'begin' | 'commit' | 'committed' | 'abort' | 'aborted',
  ): LedgerEntry => ({ kind: 'transaction', client: 'p', transaction, step }),
  state: (step: 'store' | 'stored' | 'read', value: number | null): LedgerEntry => ({
    ...{ kind: 'state', client: 'p', what: 'retained', name: 't', step, value },
  }),
  fault: (round: number, step: 'begin' | 'end' | 'skipped' = 'begin'): LedgerEntry => ({
    ...{ kind: 'fault', round, step, detail: 'it' },
    fault: { fault: 'kill', on: 'active', at: 0, within: 0 },
  }),
  phase: (phase: 'warm-up' | 'settle' | 'drain' | 'end'): LedgerEntry => ({ kind: 'phase', phase }),
};

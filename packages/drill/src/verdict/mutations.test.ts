import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import { FaultlessBroker, type Step } from '../testing/faultless-broker.js';
import { broken, entry, makeHistory } from '../testing/make-history.js';
import { judge } from './judge.js';

/**
 * Whatever a faultless broker does passes; whatever one thing is done to its ledger that no
 * faultless broker does fails, and by the right invariant.
 */
const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    what: fc.constantFrom('send', 'confirm', 'deliver', 'settle', 'crash'),
    amount: fc.nat({ max: 5 }),
  }),
  { maxLength: 40 },
);

/** Begins with enough for every mutation to find something. */
const BEGINNING: readonly Step[] = [
  { what: 'send', amount: 4 },
  { what: 'confirm', amount: 4 },
  { what: 'deliver', amount: 2 },
  { what: 'crash', amount: 0 },
  { what: 'deliver', amount: 4 },
  { what: 'settle', amount: 2 },
];

const HISTORIES = STEPS.map((steps) => {
  const broker = new FaultlessBroker();
  for (const step of [...BEGINNING, ...steps]) broker.step(step);
  return [...broker.finish()];
});

/** Removes an entry, puts others in its place, or both. */
const splice = (
  entries: readonly LedgerEntry[],
  at: number,
  remove: number,
  ...add: LedgerEntry[]
) => entries.toSpliced(at, remove, ...add);

type Kind = LedgerEntry['kind'];
const indexes = (entries: readonly LedgerEntry[], wanted: (entry: LedgerEntry) => boolean) =>
  entries.flatMap((item, index) => (wanted(item) ? [index] : []));
const isOf = (kind: Kind, id: string) => (item: LedgerEntry) =>
  item.kind === kind && 'id' in item && item.id === id;

/** Messages of which the broker had only one copy. */
const sentOnce = (entries: readonly LedgerEntry[]) => {
  const sends = new Map<string, number>();
  for (const item of entries) {
    if (item.kind === 'send') sends.set(item.id, (sends.get(item.id) ?? 0) + 1);
  }
  return [...sends].filter(([, count]) => count === 1).map(([id]) => id);
};

type Mutation = (entries: readonly LedgerEntry[], pick: number) => LedgerEntry[];

function loseMessage(entries: readonly LedgerEntry[], pick: number): LedgerEntry[] {
  const confirmed = entries.filter((item) => item.kind === 'confirm');
  const { id } = confirmed[pick % confirmed.length] as { id: string };
  return entries.filter((item) => !isOf('deliver', id)(item));
}

function unflag(entries: readonly LedgerEntry[], pick: number): LedgerEntry[] {
  const again = sentOnce(entries).flatMap((id) => indexes(entries, isOf('deliver', id)).slice(1));
  const index = again[pick % again.length]!;
  return splice(entries, index, 1, { ...entries[index]!, redelivered: false } as LedgerEntry);
}

function overtake(entries: readonly LedgerEntry[], pick: number): LedgerEntry[] {
  const firsts = sentOnce(entries).map((id) => indexes(entries, isOf('deliver', id))[0]!);
  const later = firsts[1 + (pick % (firsts.length - 1))]!;
  return splice(splice(entries, later, 1), firsts[0]!, 0, entries[later]!);
}

function comeBack(entries: readonly LedgerEntry[], pick: number): LedgerEntry[] {
  const once = new Set(sentOnce(entries));
  const settled = indexes(entries, (item) => item.kind === 'settled' && once.has(item.id));
  const index = settled[pick % settled.length]!;
  const { id } = entries[index] as { id: string };
  return splice(entries, index + 1, 0, entry.deliver(Number(id.split(':')[1]), true));
}

function corrupt(entries: readonly LedgerEntry[], pick: number): LedgerEntry[] {
  const deliveries = indexes(entries, (item) => item.kind === 'deliver');
  const index = deliveries[pick % deliveries.length]!;
  return splice(entries, index, 1, { ...entries[index]!, crc: -1 } as LedgerEntry);
}

function secondWriter(entries: readonly LedgerEntry[], pick: number): LedgerEntry[] {
  const roles = indexes(entries, (item) => item.kind === 'role');
  const index = roles[pick % roles.length]!;
  const { epoch } = entries[index] as { epoch: number };
  return splice(entries, index + 1, 0, entry.role('intruder', epoch));
}

function loseSession(entries: readonly LedgerEntry[], pick: number): LedgerEntry[] {
  const resumed = indexes(entries, (item) => item.kind === 'connected' && item.resumed === true);
  const index = resumed[pick % resumed.length]!;
  return splice(entries, index, 1, { ...entries[index]!, resumed: false } as LedgerEntry);
}

function leaveSome(entries: readonly LedgerEntry[]): LedgerEntry[] {
  const index = entries.findIndex((item) => item.kind === 'drained');
  return splice(entries, index, 1, entry.drained(1));
}

const MUTATIONS: readonly (readonly [name: string, invariant: string, mutate: Mutation])[] = [
  ['a confirmed message is never delivered', 'I1', loseMessage],
  ['a message comes back after its settlement was confirmed', 'I2', comeBack],
  ['a redelivery is not flagged', 'I3', unflag],
  ['a message overtakes another', 'I4', overtake],
  ['a body is changed', 'I5', corrupt],
  ['a second node leads in an epoch', 'I6', secondWriter],
  ['a session is gone', 'I8', loseSession],
  ['a queue is not empty in the end', 'I9', leaveSome],
];

describe('the verdict', () => {
  it('passes whatever a faultless broker does', () => {
    fc.assert(
      fc.property(HISTORIES, (entries) => {
        const { verdict, invariants } = judge(makeHistory(entries));
        expect(invariants.flatMap(({ findings }) => findings)).toEqual([]);
        expect(verdict).toBe('PASS');
      }),
      { numRuns: 60 },
    );
  });

  it.each(MUTATIONS)('fails when %s (%s)', (_name, invariant, mutate) => {
    fc.assert(
      fc.property(HISTORIES, fc.nat(), (entries, pick) => {
        expect(broken(makeHistory(mutate(entries, pick)))).toContain(invariant);
      }),
      { numRuns: 60 },
    );
  });

  it('is UNKNOWN, not FAIL, when a run is broken off', () => {
    fc.assert(
      fc.property(HISTORIES, fc.nat(), (entries, pick) => {
        const cut = entries.slice(0, 4 + (pick % (entries.length - 4)));
        expect(judge(makeHistory(cut)).verdict).toBe('UNKNOWN');
      }),
      { numRuns: 60 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import { broken, entry, makeHistory } from '../testing/make-history.js';
import { judge } from './judge.js';

const { producer, consumer, connected, send, confirm, deliver, settled, drained } = entry;
const { role, transaction, state, fault, phase } = entry;
const CLIENTS = [producer(), consumer()];
const END = [phase('drain'), drained(), phase('end')];

const failures = (...entries: LedgerEntry[]) =>
  broken(makeHistory([...CLIENTS, ...entries, ...END]));
const judgementOf = (name: string, entries: readonly LedgerEntry[]) =>
  judge(makeHistory(entries)).invariants.find((judgement) => judgement.name === name)!;

describe('I1, no loss', () => {
  it('fails for a confirmed message that never came, and names its lines', () => {
    const found = judgementOf('I1', [...CLIENTS, send(1), confirm(1), ...END]);
    expect(found.verdict).toBe('FAIL');
    expect(found.findings[0]).toMatchObject({ id: 'p:1', lines: [4, 5] });
  });

  it('passes what came, what nobody confirmed, and what is among the dead letters', () => {
    expect(failures(send(1), confirm(1), deliver(1))).toEqual([]);
    expect(failures(send(1))).toEqual([]);
    const reader = { ...consumer('d', ''), subscription: 'dead-letters' } as LedgerEntry;
    expect(failures(reader, send(1), confirm(1), deliver(1, true, 'd'))).toEqual([]);
  });

  it('says nothing while the queue was not drained', () => {
    const entries = [...CLIENTS, send(1), confirm(1), phase('drain'), drained(null), phase('end')];
    expect(judgementOf('I1', entries).verdict).toBe('UNKNOWN');
    expect(judge(makeHistory(entries)).verdict).toBe('UNKNOWN');
  });

  it('wants it to come to every subscription', () => {
    const second = { ...consumer('d'), subscription: 'second' } as LedgerEntry;
    const entries = [...CLIENTS, second, send(1), confirm(1), deliver(1)];
    const end = [phase('drain'), drained(), drained(0, 'second'), phase('end')];
    expect(broken(makeHistory([...entries, ...end]))).toEqual(['I1']);
    expect(broken(makeHistory([...entries, deliver(1, false, 'd'), ...end]))).toEqual([]);
  });

  it('tolerates what the plan does', () => {
    const entries = [...CLIENTS, send(1), confirm(1), send(2), confirm(2), ...END];
    const limits = { lost: 2, unflaggedDuplicates: 0, reordered: 0 };
    expect(broken(makeHistory(entries, { limits }))).toEqual([]);
    expect(broken(makeHistory(entries, { limits: { ...limits, lost: 1 } }))).toEqual(['I1']);
  });
});

describe('I2, settled stays settled', () => {
  it('fails for a delivery after a confirmed settlement, even a flagged one', () => {
    expect(failures(send(1), confirm(1), deliver(1), settled(1), deliver(1, true))).toEqual(['I2']);
  });

  it('passes a delivery before it, and a second copy', () => {
    expect(failures(send(1), confirm(1), deliver(1), deliver(1, true), settled(1))).toEqual([]);
    expect(failures(send(1), send(1, 2), deliver(1), settled(1), deliver(1))).toEqual([]);
  });

  it('leaves what a deposed broker still says in its epoch to I10', () => {
    const late = [
      consumer('d'),
      ...[connected('c', 1), connected('d', 2)],
      ...[send(1), confirm(1), deliver(1, false, 'd'), settled(1, 'd'), deliver(1, true, 'c')],
    ];
    expect(failures(...late)).toEqual(['I10']);
    expect(failures(...late.slice(0, 5), fault(1), ...late.slice(5))).toEqual([]);
  });
});

describe('I3, redeliveries are flagged', () => {
  it('fails for a second delivery without the flag', () => {
    expect(failures(send(1), confirm(1), deliver(1), deliver(1))).toEqual(['I3']);
    expect(failures(send(1), confirm(1), deliver(1, true), deliver(1))).toEqual(['I3']);
  });

  it('allows a flagged first delivery, and each copy one without', () => {
    expect(failures(send(1), confirm(1), deliver(1, true), deliver(1, true))).toEqual([]);
    expect(failures(send(1), send(1, 2), confirm(1), deliver(1), deliver(1))).toEqual([]);
    expect(failures(send(1), send(1, 2), deliver(1), deliver(1), deliver(1))).toEqual(['I3']);
  });

  it('counts flagged ones against their limit, if there is one', () => {
    const limits = { lost: 0, unflaggedDuplicates: 0, reordered: 0, flaggedDuplicates: 0 };
    const entries = [...CLIENTS, send(1), confirm(1), deliver(1), deliver(1, true), ...END];
    expect(broken(makeHistory(entries, { limits }))).toEqual(['I3']);
  });
});

describe('I4, order', () => {
  it('fails when a message overtakes one that was sent before it', () => {
    expect(failures(send(1), send(2), deliver(2), deliver(1))).toEqual(['I4']);
  });

  it('ignores redeliveries, and messages that were sent anew', () => {
    expect(failures(send(1), send(2), deliver(1), deliver(2), deliver(1, true))).toEqual([]);
    expect(failures(send(1), send(2), send(1, 2), deliver(2), deliver(1))).toEqual([]);
  });

  it('says nothing of consumers that share a queue', () => {
    expect(failures(consumer('d'), send(1), send(2), deliver(2), deliver(1, false, 'd'))).toEqual(
      [],
    );
  });
});

describe('I5, nothing unexpected', () => {
  it('fails for what nobody sent, another body, and another destination', () => {
    expect(failures(send(2), deliver(1))).toEqual(['I5']);
    expect(failures(send(1), { ...deliver(1), crc: 7 } as LedgerEntry)).toEqual(['I5']);
    const elsewhere = [consumer('d', 'r'), send(1), deliver(1, false, 'd')];
    expect(broken(makeHistory([...CLIENTS, ...elsewhere, ...END, drained(0, 'r')]))).toEqual([
      'I5',
    ]);
  });
});

describe('I6, one writer', () => {
  it('fails for two leaders of an epoch, and an epoch that falls', () => {
    expect(failures(role('a', 1), role('b', 1))).toEqual(['I6']);
    expect(failures(role('a', 2), role('b', 1))).toEqual(['I6']);
    expect(failures(role('a', 1), role('b', 2), role('a', 1), role('a', 3))).toEqual([]);
  });

  it('fails for two that lead at once where there are no epochs', () => {
    expect(failures(role('a', null), role('b', null))).toEqual(['I6']);
    expect(failures(role('a', null), role('a', null, 'standby'), role('b', null))).toEqual([]);
  });
});

describe('I7, transactions', () => {
  const begun = [transaction('x', 'begin'), send(1, 1, 'x'), send(2, 1, 'x')];
  const commit = [...begun, transaction('x', 'commit')];

  it('fails for a part of a transaction', () => {
    expect(failures(...commit, deliver(1))).toEqual(['I7']);
    expect(failures(...commit, transaction('x', 'committed'))).toEqual(['I7']);
  });

  it('fails for an aborted or an open one that came', () => {
    expect(failures(...begun, transaction('x', 'abort'), deliver(1), deliver(2))).toEqual(['I7']);
    expect(failures(...begun, deliver(1), deliver(2))).toEqual(['I7']);
  });

  it('passes all or nothing of one whose commit was not answered', () => {
    expect(failures(...commit)).toEqual([]);
    expect(failures(...commit, deliver(1), deliver(2))).toEqual([]);
  });
});

describe('I8, state', () => {
  it('fails for an older retained message than the last confirmed, and for none', () => {
    const stored = [state('store', 1), state('stored', 1), state('store', 2), state('stored', 2)];
    expect(failures(...stored, state('read', 1))).toEqual(['I8']);
    expect(failures(...stored, state('read', null))).toEqual(['I8']);
    expect(failures(...stored, state('store', 3), state('read', 3))).toEqual([]);
    expect(failures(...stored, state('store', 3), state('read', 4))).toEqual(['I8']);
    expect(failures(...stored, state('store', 1), state('read', 1))).toEqual([]);
  });

  it('says nothing of what nobody could read', () => {
    const entries = [...CLIENTS, state('store', 1), state('stored', 1), ...END];
    expect(judgementOf('I8', entries)).toMatchObject({ verdict: 'UNKNOWN', exercised: true });
  });

  it('fails for a session that was gone', () => {
    const client = consumer('s', 'q', true);
    const again = (resumed: boolean) => [
      ...[client, connected('s', undefined, false), connected('s', undefined, resumed)],
    ];
    expect(failures(...again(false))).toEqual(['I8']);
    expect(failures(...again(true))).toEqual([]);
  });
});

describe('I9, drained', () => {
  it('fails for what remains, and for nodes that differ', () => {
    const entries = [...CLIENTS, phase('drain'), drained(3), phase('end')];
    expect(broken(makeHistory(entries))).toEqual(['I9']);
    const digest = (node: string, applied: number, value: string): LedgerEntry => ({
      ...{ kind: 'digest', node, applied, digest: value },
    });
    expect(failures(digest('a', 5, 'x'), digest('b', 5, 'y'))).toEqual(['I9']);
    expect(failures(digest('a', 5, 'x'), digest('b', 6, 'y'))).toEqual([]);
  });
});

describe('I10, bounds', () => {
  const MS = 1e6;
  const limits = { lost: 0, unflaggedDuplicates: 0, reordered: 0, writeRto: { max: 500 } };
  const run = (back: number | null) => [
    ...[
      ...CLIENTS,
      send(1),
      { ...confirm(1), t: 100 * MS },
      deliver(1),
      { ...fault(1), t: 200 * MS },
    ],
    ...[send(2), ...(back === null ? [] : [{ ...confirm(2), t: back * MS }]), deliver(2)],
    { ...phase('drain'), t: (back === null ? 5000 : 1000) * MS },
    ...[drained(), phase('end')],
  ];

  it('measures from the last confirm before to the first after', () => {
    expect(broken(makeHistory(run(600), { limits }))).toEqual([]);
    expect(broken(makeHistory(run(601), { limits }))).toEqual(['I10']);
  });

  it('fails when nothing came any more', () => {
    expect(broken(makeHistory(run(null), { limits }))).toEqual(['I10']);
  });
});

describe('the whole verdict', () => {
  it('passes nothing when the run was broken off, or nothing was confirmed', () => {
    const work = [...CLIENTS, send(1), confirm(1), deliver(1), drained()];
    expect(judge(makeHistory([...work, phase('end')])).verdict).toBe('PASS');
    expect(judge(makeHistory(work)).verdict).toBe('UNKNOWN');
    expect(judge(makeHistory([...CLIENTS, drained(), phase('end')])).verdict).toBe('UNKNOWN');
  });

  it('does not count what the run did not exercise', () => {
    const found = judgementOf('I7', [...CLIENTS, send(1), confirm(1), deliver(1), ...END]);
    expect(found).toMatchObject({ verdict: 'UNKNOWN', exercised: false });
  });
});

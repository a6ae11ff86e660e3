import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import { entry, makeHistory } from '../testing/make-history.js';
import { formatHtml } from './html/page.js';
import { formatJunit } from './junit.js';
import { makeRunReport } from './run-report.js';

const MS = 1e6;
const at = (milliseconds: number, what: LedgerEntry) => ({ ...what, t: milliseconds * MS });

/** A run whose broker is away from 1000 to 1600 ms, and which loses message 3 and says 2 twice. */
const HISTORY = makeHistory(
  [
    ...[at(0, entry.producer()), at(0, entry.consumer()), at(0, entry.phase('warm-up'))],
    ...[at(1, entry.role('<b>', 1)), at(1, entry.connected('p', 1))],
    ...[at(900, entry.send(1)), at(990, entry.confirm(1)), at(995, entry.deliver(1))],
    at(1000, entry.fault(1)),
    at(1010, { kind: 'disconnected', client: 'p', reason: 'gone' }),
    ...[at(1500, entry.role('<b>', 2)), at(1590, entry.connected('p', 2))],
    ...[at(1591, entry.send(2)), at(1600, entry.confirm(2)), at(1610, entry.deliver(2))],
    ...[at(1620, entry.deliver(2)), at(1630, entry.send(3)), at(1640, entry.confirm(3))],
    ...[at(1700, entry.fault(1, 'end')), at(2000, entry.phase('drain'))],
    ...[at(2100, entry.drained(1)), at(2200, entry.phase('end'))],
  ],
  {
    workload: [
      {
        ...{ name: 'lane', client: 'stomp', pattern: 'messages', qos: 1, producers: 1 },
        ...{ consumers: 1, rate: 10, size: 10 },
      },
    ],
  },
);
const report = makeRunReport(HISTORY);

describe('makeRunReport', () => {
  it('counts what happened', () => {
    expect(report.verdict).toBe('FAIL');
    expect(report.totals).toEqual({
      ...{ sent: 3, confirmed: 3, delivered: 3, lost: 1, flagged: 0, unflagged: 1, reordered: 0 },
    });
  });

  it('measures from the last sign of life to the first one', () => {
    expect(report.writeRto).toMatchObject({ count: 1, median: 610, max: 610 });
    expect(report.readRto).toMatchObject({ median: 615 });
    expect(report.reconnect).toMatchObject({ median: 580 });
    expect(report.lanes[0]!.delay).toMatchObject({ median: 90 });
  });

  it('grades what was lost with an F, and says what to do about it', () => {
    expect(report.lanes[0]).toMatchObject({ grade: 'F' });
    expect(report.lanes[0]!.advice.join()).toMatch(/1 confirmed messages were lost/);
  });

  it('draws when nothing was confirmed', () => {
    expect(report.timeline.unavailable).toEqual([{ from: 990, to: 1600 }]);
    expect(report.timeline.roles.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(report.timeline.faults).toMatchObject([{ from: 1000, to: 1700, label: 'kill active' }]);
  });
});

describe('the page', () => {
  const page = formatHtml(report);

  it('needs nothing from anywhere', () => {
    expect(page).not.toMatch(/(src|href)=|url\(|@import|<script/);
  });

  it('has the verdict, the numbers and the counter-examples', () => {
    expect(page).toContain('>FAIL</span>');
    expect(page).toContain('p:3 was confirmed, and never came to q');
    expect(page).toMatch(/610 ms/);
  });

  it('takes no names for markup', () => {
    expect(page).not.toContain('<b>:');
    expect(page).toContain('&lt;b&gt;');
  });
});

describe('formatJunit', () => {
  it('has a case for each invariant, failed or skipped as it was judged', () => {
    const xml = formatJunit(report);
    expect(xml.match(/<testcase /g)).toHaveLength(10);
    expect(xml).toMatch(/<testsuites tests="10" failures="3" errors="0" skipped="\d"/);
    expect(xml).toContain('<failure message="p:3 was confirmed');
  });
});

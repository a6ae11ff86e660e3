import { type Log, SILENT_LOG } from '@causeway/core';
import { describe, expect, it } from 'vitest';
import { AggregatedLog } from './aggregated-log.js';

function recordingLog() {
  const lines: unknown[] = [];
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, wallMs: () => 0 };
  const log: Log = { ...SILENT_LOG, warn: (event, fields) => lines.push([event, fields]) };
  return { clock, lines, notices: new AggregatedLog(log, clock) };
}

describe('AggregatedLog', () => {
  it('writes the first line at once and the others together a second later', () => {
    const { clock, lines, notices } = recordingLog();
    notices.note('warn', 'refused', { remote: 'a' });
    notices.note('warn', 'refused', { remote: 'b' });
    notices.note('warn', 'refused', { remote: 'c' });
    notices.flush();
    expect(lines).toEqual([['refused', { remote: 'a' }]]);

    clock.nowMs = 1000;
    notices.flush();
    notices.flush();
    expect(lines.slice(1)).toEqual([['refused', { remote: 'c', times: 2 }]]);
  });

  it('keeps events apart', () => {
    const { lines, notices } = recordingLog();
    notices.note('warn', 'one', {});
    notices.note('warn', 'two', {});
    expect(lines).toHaveLength(2);
  });
});

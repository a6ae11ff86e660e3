import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeEvents } from '../testing/make-history.js';
import { LedgerFile } from './ledger.js';
import { readLedger } from './read-ledger.js';

const [RUN] = makeEvents([]);
let folder = '';
const path = () => join(folder, 'ledger.jsonl');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('LedgerFile', () => {
  it('writes a line for each event, in time, and reads them back', async () => {
    const seen: string[] = [];
    const ledger = new LedgerFile(path(), ({ kind }) => seen.push(kind));
    const { t: _t, ...run } = RUN!;
    ledger.record(run);
    ledger.record({ kind: 'phase', phase: 'warm-up' });
    ledger.flush();
    expect(readFileSync(path(), 'utf8').split('\n')).toHaveLength(3);
    ledger.record({ kind: 'phase', phase: 'end' });
    ledger.close();
    const events = await readLedger(path());
    expect(events.map(({ kind }) => kind)).toEqual(['run', 'phase', 'phase']);
    expect(seen).toEqual(['run', 'phase', 'phase']);
    expect(events[2]!.t).toBeGreaterThan(events[1]!.t);
  });

  it('does not write over another ledger', () => {
    writeFileSync(path(), '');
    expect(() => new LedgerFile(path())).toThrow(/EEXIST/);
  });
});

describe('readLedger', () => {
  const write = (...lines: string[]) => writeFileSync(path(), lines.join('\n'));
  const run = JSON.stringify(RUN);

  it('leaves out a last line that was cut short', async () => {
    write(run, '{"t":5,"kind":"pha');
    expect(await readLedger(path())).toHaveLength(1);
  });

  it('refuses a broken line before others, with its number', async () => {
    write(run, 'nonsense', run, '');
    await expect(readLedger(path())).rejects.toThrow(/jsonl:2: is not a line of a ledger/);
  });

  it('refuses what is no ledger, and a newer one', async () => {
    write('{"t":0,"kind":"phase"}');
    await expect(readLedger(path())).rejects.toThrow(/its first line is not a run/);
    write(JSON.stringify({ ...RUN, format: 2 }));
    await expect(readLedger(path())).rejects.toThrow(/is of format 2/);
    rmSync(path());
    await expect(readLedger(path())).rejects.toThrow(/cannot be read/);
    appendFileSync(path(), '');
    await expect(readLedger(path())).rejects.toThrow(/is not a ledger/);
  });
});

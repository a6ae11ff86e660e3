import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DrillError } from '../drill-error.js';
import type { LedgerEvent } from './ledger-event.js';

/**
 * Reads a ledger. A last line that is cut short is left out: the run was ended while it was written.
 * @throws DrillError when the file is not a ledger, with the line
 */
export async function readLedger(path: string): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  let broken: number | null = null;
  const input = createReadStream(path);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) {
      if (broken !== null) throw notALine(path, broken);
      const event = parse(line);
      if (event === null) broken = events.length + 1;
      else events.push(event);
    }
  } catch (error) {
    if (error instanceof DrillError) throw error;
    throw new DrillError(`${path}: cannot be read: ${(error as Error).message}`);
  } finally {
    lines.close();
    input.destroy();
  }
  const [first] = events;
  if (first === undefined || first.kind !== 'run') {
    throw new DrillError(`${path}: is not a ledger: its first line is not a run`);
  }
  if (first.format !== 1) {
    throw new DrillError(`${path}: is of format ${first.format}, which this version cannot read`);
  }
  return events;
}

function notALine(path: string, line: number): DrillError {
  return new DrillError(`${path}:${line}: is not a line of a ledger`);
}

function parse(line: string): LedgerEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    const { t, kind } = (value ?? {}) as Partial<LedgerEvent>;
    return typeof t === 'number' && typeof kind === 'string' ? (value as LedgerEvent) : null;
  } catch {
    return null;
  }
}

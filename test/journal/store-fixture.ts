import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressBook, type Log, type RecoveredState, type StoredEntry } from '@causeway/core';
import { type CommitLog, Journal, LevelLog, type LevelOptions, MemoryLog } from '@causeway/journal';
import { ModelState, StoreModel } from './store-model.js';

export interface LoggedLine {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** One run of a journal over a log, with its model. */
export class Run {
  readonly journal: Journal;
  readonly model: StoreModel;
  readonly recovered: RecoveredState;
  readonly errors: LoggedLine[];
  readonly fatal: Error[];
  /** Commits that were reported as durable, in the order of the reports. */
  readonly durable: number[] = [];
  #waiting: (() => void)[] = [];

  private constructor(
    journal: Journal,
    model: StoreModel,
    recovered: RecoveredState,
    errors: LoggedLine[],
    fatal: Error[],
  ) {
    this.journal = journal;
    this.model = model;
    this.recovered = recovered;
    this.errors = errors;
    this.fatal = fatal;
    journal.onDurable((commit) => {
      this.durable.push(commit);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Opens a journal as a process that starts does. */
  static async start(
    commitLog: CommitLog,
    state = new ModelState(),
    checkpointInterval = 4,
    defer: (task: () => void) => void = setImmediate,
  ): Promise<Run> {
    const errors: LoggedLine[] = [];
    const fatal: Error[] = [];
    const addresses = new AddressBook();
    const journal = new Journal({
      commitLog,
      addresses,
      log: collectingLog(errors),
      onFatal: (error) => fatal.push(error),
      checkpointInterval,
      defer,
    });
    const recovered = await journal.recover();
    const model = new StoreModel(journal, addresses, state, recovered.bootCount);
    return new Run(journal, model, recovered, errors, fatal);
  }

  /** Resolves when the next commit was reported. */
  nextDurable(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async read(queueId: number, sequence: number, count: number): Promise<StoredEntry[]> {
    const entries: StoredEntry[] = [];
    // The store returns fewer at a time when bodies are large, but at least one.
    while (entries.length < count) {
      const from = sequence + entries.length;
      const part = await new Promise<StoredEntry[]>((resolve) => {
        const range = { first: from, below: sequence + count, count, next: (next: number) => next };
        this.journal.readEntries(queueId, range, resolve);
      });
      entries.push(...part);
    }
    return entries;
  }
}

/** A kind of log under test: how to open it, commit to it and find it again after its end. */
export interface StoreFixture {
  /** Starts the next run; the one before has ended. */
  start(state?: ModelState, checkpointInterval?: number): Promise<Run>;
  /** Commits what is staged and waits until it is durable. */
  flush(run: Run): Promise<void>;
  /** Ends the run; what was not durable is gone. */
  end(run: Run): Promise<void>;
  dispose(): Promise<void>;
}

export function memoryFixture(): StoreFixture {
  let log = new MemoryLog();
  return {
    start: (state, interval) => Run.start(log, state, interval),
    async flush(run) {
      while (run.journal.dirty || log.appending) {
        run.journal.commit();
        log.completeAppend();
      }
    },
    async end() {
      log = log.crash(false);
    },
    async dispose() {},
  };
}

export function levelFixture(options: Partial<LevelOptions> = {}): StoreFixture {
  const folder = temporaryFolder();
  return {
    async start(state, interval) {
      return Run.start(await LevelLog.open(folder, options), state, interval);
    },
    flush: flushLevel,
    end: (run) => run.journal.close(),
    async dispose() {
      rmSync(folder, { recursive: true });
    },
  };
}

/** Commits what is staged and waits for the disk. */
export async function flushLevel(run: Run): Promise<void> {
  const { journal } = run;
  while (journal.dirty || journal.durableCommit + 1 < journal.openCommit) {
    const durable = run.nextDurable();
    journal.commit();
    await durable;
  }
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'causeway-journal-'));
}

function collectingLog(errors: LoggedLine[]): Log {
  return {
    debug() {},
    info() {},
    warn() {},
    audit() {},
    error: (event, fields) => errors.push({ event, fields }),
  };
}

import { BrokerError } from '@causeway/core';
import type {
  AppendResult,
  LogCapabilities,
  LogReader,
  LogReading,
  ShardLog,
} from '@causeway/failover';
import { SimulatedAppend } from './simulated-append.js';
import { SimulatedCall } from './simulated-call.js';
import type { SimulatedLog } from './simulated-log.js';
import { SimulatedReading } from './simulated-reading.js';

/**
 * One node's connection to a simulated log. An automatic one answers in microtasks. Otherwise the
 * test picks from `appends`, `calls` and `readings` what happens next; what is over is taken out of
 * them by `tidy`.
 */
export class SimulatedClient implements ShardLog {
  readonly capabilities: LogCapabilities;
  /** In the order in which they were made. */
  appends: SimulatedAppend[] = [];
  calls: SimulatedCall[] = [];
  readings: SimulatedReading[] = [];
  readonly #log: SimulatedLog;
  readonly #automatic: boolean;
  #pumping = false;
  #closed: BrokerError | null = null;

  constructor(log: SimulatedLog, automatic: boolean, recordBytesMax: number) {
    this.capabilities = { domain: 'process', syncedOnAppend: false, recordBytesMax };
    this.#log = log;
    this.#automatic = automatic;
  }

  tail(): Promise<number> {
    return this.#call(() => this.#log.tail);
  }

  first(): Promise<number> {
    return this.#call(() => this.#log.first);
  }

  async trim(upTo: number): Promise<void> {
    await this.#call(() => {
      this.#log.trim(upTo);
      return 0;
    });
  }

  append(expectedTail: number, record: Buffer, done: (result: AppendResult) => void): void {
    const append = new SimulatedAppend(this.#log, expectedTail, record, done);
    this.appends.push(append);
    if (this.#closed !== null) append.drop();
    if (this.#automatic || this.#closed !== null) this.#pump();
  }

  read(from: number, reader: LogReader): LogReading {
    const reading = new SimulatedReading(this.#log, from, reader);
    this.readings.push(reading);
    this.grown();
    return this.#automatic ? this.#pumped(reading) : reading;
  }

  /** Ends its readings, as an engine does that cannot be reached. Requests are not touched. */
  cut(cause = new Error('the log is away')): void {
    const readings = this.readings;
    this.readings = [];
    for (const reading of readings) reading.end(cause);
  }

  /** The node dies: it is told nothing more. Its requests may still arrive. */
  crash(): void {
    for (const append of this.appends) append.abandon();
    for (const reading of this.readings) reading.stop();
    this.calls = [];
    this.tidy();
  }

  async close(): Promise<void> {
    this.#closed ??= new BrokerError('shutting-down', 'the log was closed');
    this.cut(this.#closed);
    for (const append of this.appends) append.giveUp(this.#closed);
    for (const call of this.calls) if (!call.answered) call.fail(this.#closed);
    this.tidy();
  }

  /** The log has more, or other, records than before. */
  grown(): void {
    if (this.#automatic) this.#pump();
  }

  /** Records above a sequence have vanished from the log. */
  lostAbove(tail: number): void {
    for (const append of this.appends) append.lostAbove(tail);
    this.cut(new Error('the log failed over'));
  }

  tidy(): void {
    this.appends = this.appends.filter((append) => append.underWay || !append.answered);
    this.calls = this.calls.filter((call) => !call.answered);
    this.readings = this.readings.filter((reading) => !reading.over);
  }

  #call(ask: () => number): Promise<number> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    const call = new SimulatedCall(ask);
    this.calls.push(call);
    this.grown();
    return call.promise;
  }

  /** Goes on by itself when it is resumed. */
  #pumped(reading: SimulatedReading): LogReading {
    return {
      pause: () => reading.pause(),
      stop: () => reading.stop(),
      resume: () => {
        reading.resume();
        this.#pump();
      },
    };
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#answerAll();
    });
  }

  #answerAll(): void {
    const { appends, calls, readings } = this;
    for (const append of appends) {
      append.arrive();
      append.answer();
    }
    for (const call of calls) call.answer();
    for (const reading of readings) while (reading.ready) reading.deliver();
    this.tidy();
  }
}

import { BrokerError, invariant } from '@causeway/core';
import { RECORD_BYTES_MAX } from '../log-store.js';
import type {
  AppendResult,
  LogCapabilities,
  LogReader,
  LogReading,
  ShardLog,
} from '../shard-log.js';
import { ClientReading } from './client-reading.js';
import { ClientSnapshots } from './client-snapshots.js';
import { CONNECT_TIMEOUTS, type ConnectOptions, type ConnectTimeouts } from './connect-options.js';
import { encodeFrame, NUMBER_BYTES } from './frame.js';
import { FRAME } from './frame-type.js';
import { readAnswer, readDocument } from './payload.js';
import { type LinkOwner, RegionLink } from './region-link.js';
import type { Question, RegionRequest } from './region-request.js';
import { errorOf } from './wire-error.js';

const SWEEP_MS = 50;
const REQUEST_MAX = 2 ** 32 - 1;

/**
 * A node's view of the log in the region. Connections come and go by themselves: what is asked
 * while there is none waits for the next one until its time is over. An append that was sent on a
 * connection that broke is `unknown`; readings go on where they were.
 */
export class RegionLog implements ShardLog, LinkOwner {
  readonly capabilities: LogCapabilities = {
    domain: 'host',
    syncedOnAppend: true,
    recordBytesMax: RECORD_BYTES_MAX,
  };
  readonly #timeouts: ConnectTimeouts;
  readonly #link: RegionLink;
  readonly #requests = new Map<number, RegionRequest>();
  readonly #readings = new Map<number, ClientReading>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #onSnapshotWanted: (node: string | null) => void;
  /** Snapshots of the nodes' state, for those that are behind the log's first record. */
  readonly snapshots: ClientSnapshots;
  #lastRequest = 0;
  #sweptMs = performance.now();
  #closed: BrokerError | null = null;

  constructor(options: ConnectOptions) {
    this.#timeouts = { ...CONNECT_TIMEOUTS, ...options.timeouts };
    this.#link = new RegionLink(options, this.#timeouts, this);
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#onSnapshotWanted = options.onSnapshotWanted ?? (() => {});
    this.snapshots = new ClientSnapshots((question, read) => this.#question(question, read));
  }

  /** Whether the region is reached, and has let the node in. */
  get connected(): boolean {
    return this.#link.isUp;
  }

  /** The id of the cluster; null before the first connection. A node keeps it with its data. */
  get clusterId(): string | null {
    return this.#link.clusterId;
  }

  async tail(): Promise<number> {
    return (await this.#ask(FRAME.ends, [], 2))[1]!;
  }

  async first(): Promise<number> {
    return (await this.#ask(FRAME.ends, [], 2))[0]!;
  }

  /** The region forgets what enough members have: this says that this one does. */
  async trim(upTo: number): Promise<void> {
    await this.#ask(FRAME.trim, [upTo], 1);
  }

  /**
   * Says that everything up to a sequence is on this node's own disk: in time, the log forgets what
   * enough nodes have. It may be lower than before, when the disk was replaced.
   */
  async reportDurable(sequence: number): Promise<void> {
    await this.#ask(FRAME.durable, [sequence], 1);
  }

  append(expectedTail: number, record: Buffer, done: (result: AppendResult) => void): void {
    invariant(record.length > 0 && record.length <= RECORD_BYTES_MAX, 'a record has a legal size');
    if (this.#closed !== null) {
      const cause = this.#closed;
      queueMicrotask(() => done({ outcome: 'unknown', cause }));
      return;
    }
    const request = this.#number();
    this.#send(request, {
      frame: encodeFrame(FRAME.append, request, [expectedTail], record.length),
      body: record,
      deadlineMs: performance.now() + this.#timeouts.requestMs,
      repeatable: false,
      sent: false,
      answer: (type, payload) => {
        if (type === FRAME.appended) done({ outcome: 'ok' });
        else done({ outcome: 'fenced', tail: readAnswer(FRAME.fenced, type, payload, 1)[0]! });
      },
      fail: (cause) => done({ outcome: 'unknown', cause }),
    });
  }

  read(from: number, reader: LogReader): LogReading {
    const request = this.#number();
    if (this.#closed !== null) {
      const cause = this.#closed;
      queueMicrotask(() => reader.ended(cause));
      return { pause() {}, resume() {}, stop() {} };
    }
    const reading = new ClientReading(this.#link, request, from, reader, () => {
      this.#readings.delete(request);
    });
    this.#readings.set(request, reading);
    return reading;
  }

  async close(): Promise<void> {
    if (this.#closed !== null) return;
    this.#closed = new BrokerError('shutting-down', 'the log was closed');
    clearInterval(this.#sweeper);
    this.#link.close();
    this.#failAll(() => true, this.#closed);
    for (const reading of this.#readings.values()) reading.close(this.#closed);
    this.#readings.clear();
  }

  up(): void {
    for (const request of this.#requests.values()) this.#transmit(request);
    for (const reading of this.#readings.values()) reading.start();
  }

  down(cause: Error): void {
    this.#failAll(({ sent, repeatable }) => sent && !repeatable, cause);
    for (const request of this.#requests.values()) request.sent = false;
  }

  frame(type: number, request: number, payload: Buffer): void {
    if (type === FRAME.record) {
      const reading = this.#readings.get(request);
      if (payload.length <= NUMBER_BYTES) throw new BrokerError('malformed', 'a record is empty');
      const sequence = payload.readUIntBE(0, NUMBER_BYTES);
      reading?.record(sequence, payload.subarray(NUMBER_BYTES));
    } else if (type === FRAME.ended) {
      this.#readings.get(request)?.ended(errorOf(readDocument(payload)));
    } else if (type === FRAME.snapshotWanted) {
      const { node } = readDocument(payload);
      this.#onSnapshotWanted(typeof node === 'string' ? node : null);
    } else this.#answered(type, request, payload);
  }

  /** What comes late, or twice, has no request any more. */
  #answered(type: number, number: number, payload: Buffer): void {
    const request = this.#requests.get(number);
    if (request?.sent !== true) return;
    if (type === FRAME.failed) {
      const cause = errorOf(readDocument(payload));
      this.#requests.delete(number);
      request.fail(cause);
      return;
    }
    request.answer(type, payload);
    this.#requests.delete(number);
  }

  async #ask(type: number, numbers: readonly number[], answers: number): Promise<number[]> {
    const frame = (request: number): Buffer => encodeFrame(type, request, numbers);
    return this.#question({ frame, repeatable: true }, (answer, payload) => {
      return readAnswer(FRAME.numbers, answer, payload, answers);
    });
  }

  #question<T>(question: Question, read: (type: number, payload: Buffer) => T): Promise<T> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const request = this.#number();
      this.#send(request, {
        frame: question.frame(request),
        body: question.body ?? null,
        deadlineMs: performance.now() + (question.timeoutMs ?? this.#timeouts.requestMs),
        repeatable: question.repeatable,
        sent: false,
        answer: (type, payload) => resolve(read(type, payload)),
        fail: reject,
      });
    });
  }

  #send(number: number, request: RegionRequest): void {
    this.#requests.set(number, request);
    if (this.#link.isUp) this.#transmit(request);
  }

  #transmit(request: RegionRequest): void {
    request.sent = true;
    this.#link.send(request.frame, request.body);
  }

  #number(): number {
    this.#lastRequest = this.#lastRequest === REQUEST_MAX ? 1 : this.#lastRequest + 1;
    return this.#lastRequest;
  }

  #sweep(): void {
    const nowMs = performance.now();
    const wasHeldUp = nowMs - this.#sweptMs > 4 * SWEEP_MS;
    this.#sweptMs = nowMs;
    // What has arrived meanwhile has not been read yet: this process was silent, not the region.
    if (wasHeldUp) return;
    this.#link.sweep(nowMs);
    const cause = new BrokerError('timed-out', 'the region did not answer in time');
    for (const [number, request] of this.#requests) {
      if (request.deadlineMs > nowMs) continue;
      this.#requests.delete(number);
      request.fail(cause);
    }
  }

  #failAll(which: (request: RegionRequest) => boolean, cause: Error): void {
    const failing: RegionRequest[] = [];
    for (const [number, request] of this.#requests) {
      if (!which(request)) continue;
      this.#requests.delete(number);
      failing.push(request);
    }
    for (const request of failing) request.fail(cause);
  }
}

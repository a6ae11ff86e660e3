import type { AppendResult } from '@causeway/failover';
import type { SimulatedLog } from './simulated-log.js';

/**
 * An append on its way. Its request arrives at the log or is dropped; its answer arrives at the
 * node, or the node gives up waiting: each once, in any order that networks know.
 */
export class SimulatedAppend {
  readonly expectedTail: number;
  readonly record: Buffer;
  readonly #log: SimulatedLog;
  readonly #done: (result: AppendResult) => void;
  #request: 'under-way' | 'applied' | 'fenced' | 'lost' = 'under-way';
  #tail = 0;
  #answered = false;

  constructor(
    log: SimulatedLog,
    expectedTail: number,
    record: Buffer,
    done: (result: AppendResult) => void,
  ) {
    this.#log = log;
    this.expectedTail = expectedTail;
    // What is on its way does not change with the writer's buffer.
    this.record = Buffer.from(record);
    this.#done = done;
  }

  /** Whether the log may still get to see it. */
  get underWay(): boolean {
    return this.#request === 'under-way';
  }

  /** Whether the node has its answer, or has given up. */
  get answered(): boolean {
    return this.#answered;
  }

  /** The log has decided, and the node may be told. */
  get answerable(): boolean {
    return !this.#answered && !this.underWay;
  }

  /** The request arrives: the record is appended, or its writer is fenced. */
  arrive(): void {
    if (!this.underWay) return;
    this.#request = this.#log.append(this.expectedTail, this.record) ? 'applied' : 'fenced';
    this.#tail = this.#log.tail;
  }

  /** The request gets lost, now and for ever. */
  drop(): void {
    if (this.underWay) this.#request = 'lost';
  }

  /** The answer arrives: `unknown` when the request, or the record since, got lost. */
  answer(): void {
    if (!this.answerable) return;
    if (this.#request === 'lost') {
      this.giveUp();
      return;
    }
    this.#answered = true;
    if (this.#request === 'fenced') {
      this.#done({ outcome: 'fenced', tail: this.#tail });
      return;
    }
    this.#log.vouch(this.expectedTail + 1);
    this.#done({ outcome: 'ok' });
  }

  /** The node waits no longer. The request may still arrive. */
  giveUp(cause = new Error('no answer in time')): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#done({ outcome: 'unknown', cause });
  }

  /** The node is no more: nobody is told. The request may still arrive. */
  abandon(): void {
    this.#answered = true;
  }

  /** Records above a sequence have vanished; this one's, perhaps. */
  lostAbove(tail: number): void {
    if (this.#request === 'applied' && this.expectedTail >= tail) this.#request = 'lost';
  }
}

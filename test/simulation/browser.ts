import type { Broker, BrokerError, Consumer, ConsumerSink, Message, Queue } from '@causeway/core';
import { BrokenPromise, type Ledger } from './ledger.js';

/** Messages that it takes before its socket is full. */
const BURST = 3;

/**
 * Looks through a queue from its beginning to its end, and objects when it sees something that it
 * should not, twice, or out of order, or when something is missing.
 */
export class Browser implements ConsumerSink {
  readonly consumer: Consumer;
  done = false;
  readonly #broker: Broker;
  readonly #ledger: Ledger;
  /** What was there when it came. */
  readonly #wanted: readonly string[];
  readonly #seen = new Set<string>();
  /** Highest number seen, per producer. */
  readonly #last = new Map<string, number>();

  constructor(broker: Broker, ledger: Ledger, queue: Queue) {
    this.#broker = broker;
    this.#ledger = ledger;
    this.#wanted = ledger.visible(queue.name);
    this.consumer = broker.consume(queue, { sink: this, credit: 1000, browse: true });
    this.consumer.drain();
  }

  settlesOnSend(): boolean {
    throw new BrokenPromise('a browser is asked how deliveries are settled');
  }

  deliver({ queue }: Consumer, message: Message, _target: unknown, entry: unknown): void {
    const text = message.bytes.toString('latin1', message.start, message.end).trimEnd();
    const key = text.slice(text.indexOf('/') + 1);
    const [producer = '', number = ''] = key.split(':');
    if (entry !== null) throw new BrokenPromise(`a browser of ${queue.name} holds ${key}`);
    const inOrder = this.#ledger.seen(queue.name, key, this.#broker.clock.wallMs());
    if (this.#seen.has(key)) {
      throw new BrokenPromise(`a browser of ${queue.name} sees ${key} again`);
    }
    if (inOrder && (this.#last.get(producer) ?? -1) > Number(number)) {
      throw new BrokenPromise(`a browser of ${queue.name} sees ${key} late`);
    }
    if (inOrder) this.#last.set(producer, Number(number));
    this.#seen.add(key);
    if (this.#seen.size % BURST === 0) this.consumer.pause();
  }

  consumerDrained({ queue }: Consumer): void {
    for (const key of this.#wanted) {
      if (this.#seen.has(key) || !this.#ledger.visible(queue.name).includes(key)) continue;
      throw new BrokenPromise(`a browser of ${queue.name} does not see ${key}`);
    }
    this.close();
  }

  consumerClosed(_: Consumer, error: BrokerError): void {
    throw error;
  }

  close(): void {
    this.done = true;
    this.#broker.closeConsumer(this.consumer);
  }
}

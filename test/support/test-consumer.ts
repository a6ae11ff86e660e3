import type {
  Broker,
  BrokerError,
  Consumer,
  ConsumerSink,
  Message,
  Outcome,
  Queue,
  QueueEntry,
  Selector,
  SettleDetails,
  Target,
} from '@causeway/core';
import { textOf } from './test-message.js';

/** What a consumer was given, as it was at that moment. */
export interface Delivery {
  readonly text: string;
  readonly message: Message;
  readonly target: Target | null;
  /** Null when nobody has to settle it. */
  readonly entry: QueueEntry | null;
  readonly redelivered: boolean;
  readonly deliveryCount: number;
}

export interface TestConsumerOptions {
  /** Defaults to 1000. */
  readonly credit?: number;
  /** Deliveries are done when they are sent, as for MQTT at QoS 0. */
  readonly settlesOnSend?: boolean | ((message: Message) => boolean);
  readonly selector?: string;
  readonly browse?: boolean;
  /** Runs within each delivery. */
  readonly onDelivery?: (delivery: Delivery, consumer: TestConsumer) => void;
}

/** A consumer that remembers what it got. */
export class TestConsumer implements ConsumerSink {
  readonly deliveries: Delivery[] = [];
  readonly consumer: Consumer;
  /** Why it was closed by the broker; null while it was not. */
  closedWith: BrokerError | null = null;
  /** How many deliveries it had whenever it was told that there is nothing more. */
  readonly drains: number[] = [];
  readonly #broker: Broker;
  readonly #options: TestConsumerOptions;

  constructor(
    broker: Broker,
    queue: Queue,
    selector: Selector | null = null,
    options: TestConsumerOptions = {},
  ) {
    this.#broker = broker;
    this.#options = options;
    const { credit = 1000, browse = false } = options;
    this.consumer = broker.consume(queue, { sink: this, credit, selector, browse });
  }

  get texts(): string[] {
    return this.deliveries.map(({ text }) => text);
  }

  get last(): Delivery {
    return this.deliveries.at(-1)!;
  }

  /** Settles one delivery, by its place; the last one unless told otherwise. */
  settle(outcome: Outcome, details?: SettleDetails, index = this.deliveries.length - 1): void {
    this.#broker.settle(this.deliveries[index]!.entry!, outcome, details);
  }

  /** Accepts everything that it holds. */
  acceptAll(): void {
    for (const { entry } of this.deliveries) {
      if (entry?.consumer === this.consumer) this.#broker.settle(entry, 'accepted');
    }
  }

  /** Returns the texts of the deliveries so far, and forgets them. */
  take(): string[] {
    return this.deliveries.splice(0).map(({ text }) => text);
  }

  close(options?: { readonly failed?: boolean }): void {
    this.#broker.closeConsumer(this.consumer, options);
  }

  settlesOnSend(_consumer: Consumer, message: Message): boolean {
    const { settlesOnSend } = this.#options;
    return typeof settlesOnSend === 'function' ? settlesOnSend(message) : settlesOnSend === true;
  }

  deliver(
    _: Consumer,
    message: Message,
    target: Target | null,
    entry: QueueEntry | null,
    redelivered: boolean,
  ): void {
    const delivery: Delivery = {
      text: textOf(message),
      message,
      target,
      entry,
      redelivered,
      deliveryCount: entry?.deliveryCount ?? 0,
    };
    this.deliveries.push(delivery);
    this.#options.onDelivery?.(delivery, this);
  }

  consumerClosed(_: Consumer, error: BrokerError): void {
    this.closedWith = error;
  }

  consumerDrained(): void {
    this.drains.push(this.deliveries.length);
  }
}

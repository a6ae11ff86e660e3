import { type AddressBook, type Broker, FORMAT_IDS, Message } from '@causeway/core';

/** How often the broker publishes its numbers. */
const INTERVAL_MS = 10_000;

export interface SystemTopicsOptions {
  readonly broker: Broker;
  readonly addresses: AddressBook;
  readonly version: string;
}

/**
 * Publishes the broker's numbers below `$SYS`, retained and not durable, under the names that
 * MQTT brokers commonly use, until the broker stops.
 */
export class SystemTopics {
  readonly #options: SystemTopicsOptions;
  readonly #startMs: number;
  readonly #published = new Map<string, string>();
  #cancel: () => void = () => {};

  constructor(options: SystemTopicsOptions) {
    this.#options = options;
    this.#startMs = options.broker.clock.monotonicMs();
  }

  start(): void {
    this.publish();
    this.#cancel = this.#options.broker.schedule(INTERVAL_MS, () => this.start());
  }

  stop(): void {
    this.#cancel();
  }

  /** Publishes what has changed. */
  publish(): void {
    const { broker } = this.#options;
    for (const [name, value] of this.#values()) {
      if (this.#published.get(name) === value) continue;
      this.#published.set(name, value);
      broker.publish(this.#message(name, value));
    }
    broker.requestTurn();
  }

  #message(name: string, value: string): Message {
    const address = this.#options.addresses.topic(`$SYS.broker.${name}`);
    const body = Buffer.from(value);
    const message = new Message(address, FORMAT_IDS.mqtt, false, body, 0, body.length, false);
    message.retain = true;
    return message;
  }

  #values(): [name: string, value: string][] {
    const { broker, version } = this.#options;
    const { metrics } = broker;
    const uptimeSeconds = Math.floor((broker.clock.monotonicMs() - this.#startMs) / 1000);
    return [
      ['version', `causeway ${version}`],
      ['uptime', `${uptimeSeconds} seconds`],
      ['clients.connected', String(broker.connections.size)],
      ['connections.open', String(metrics.connectionsOpen)],
      ['connections.received', String(metrics.connectionsOpened)],
      ['sessions.count', String(broker.sessionCount)],
      ['queues.count', String(broker.queueCount)],
      ['retained messages.count', String(broker.retainedCount)],
      ['messages.received', String(metrics.messagesPublished)],
      ['messages.sent', String(metrics.messagesDelivered)],
      ['messages.settled', String(metrics.messagesSettled)],
      ['messages.dropped', String(metrics.messagesDropped)],
      ['messages.expired', String(metrics.messagesExpired)],
      ['messages.dead-lettered', String(metrics.messagesDeadLettered)],
      ['bytes.received', String(metrics.bytesReceived)],
      ['bytes.sent', String(metrics.bytesSent)],
    ];
  }
}

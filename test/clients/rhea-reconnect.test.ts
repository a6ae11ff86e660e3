import type { EventContext } from 'rhea';
import { expect, test } from 'vitest';
import { AmqpPeer, AmqpSender } from './amqp-client.js';
import { USER, useRunningBroker } from './running-broker.js';

const broker = useRunningBroker();
const RETRY_MS = 20;
const IN_FLIGHT = 50;
const RESTARTS = 3;
const BETWEEN = 300;

/** A client that connects again by itself, and attaches its links again. */
function lasting(): AmqpPeer {
  const options = { ...USER, reconnect: RETRY_MS };
  const peer = new AmqpPeer({ port: broker.port('amqp'), options });
  peer.connection.connect();
  return peer;
}

/** As `rhea-promise` does it: what was on its way when the connection broke is sent again. */
class Producer {
  readonly peer = lasting();
  readonly #sender: AmqpSender;
  readonly #confirmed = new Set<number>();
  readonly #unconfirmed = new Set<number>();
  #next = 0;
  #upTo = 0;
  #done: () => void = () => {};
  /** Sent more than once: these may arrive more than once, and nobody could know. */
  readonly repeated = new Set<number>();

  constructor(address: string) {
    const link = this.peer.connection.open_sender({ target: address });
    this.#sender = new AmqpSender(link);
    this.peer.connection.on('disconnected', () => {
      for (const number of this.#unconfirmed) this.repeated.add(number);
    });
    link.on('sender_open', () => {
      for (const number of this.#unconfirmed) this.#post(number);
      this.#pump();
    });
  }

  /** Sends as many more, and resolves when all of them are confirmed. */
  async send(count: number): Promise<void> {
    this.#upTo += count;
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.#pump();
    await done;
  }

  #pump(): void {
    while (this.#next < this.#upTo && this.#unconfirmed.size < IN_FLIGHT) {
      if (!this.peer.connection.is_open()) return;
      const number = this.#next++;
      this.#unconfirmed.add(number);
      this.#post(number);
    }
  }

  #post(number: number): void {
    void this.#sender.send(String(number)).then(
      ({ name }) => {
        if (name !== 'accepted') return;
        this.#unconfirmed.delete(number);
        this.#confirmed.add(number);
        if (this.#confirmed.size >= this.#upTo) this.#done();
        this.#pump();
      },
      () => {},
    );
  }
}

test('over restarts of the broker nothing is lost, and what comes again says so', async () => {
  const address = `queue://${broker.name('rhea.')}`;
  const producer = new Producer(address);
  const consumer = lasting();
  const link = consumer.connection.open_receiver({
    ...{ source: address, autoaccept: false, credit_window: 20 },
  });
  const seen = new Map<number, number>();
  const unflagged: number[] = [];
  let arrived: () => void = () => {};
  link.on('message', ({ message, delivery }: EventContext) => {
    const number = Number(message!.body);
    const before = seen.get(number) ?? 0;
    const flagged = (message!.delivery_count ?? 0) > 0;
    if (before > 0 && !flagged && !producer.repeated.has(number)) unflagged.push(number);
    seen.set(number, before + 1);
    delivery!.accept();
    arrived();
  });
  for (let round = 0; round < RESTARTS; round++) {
    await producer.send(BETWEEN);
    const running = producer.send(BETWEEN);
    await broker.restart();
    await running;
  }
  const total = 2 * RESTARTS * BETWEEN;
  while (seen.size < total) {
    await new Promise<void>((resolve) => {
      arrived = resolve;
    });
  }
  expect([...seen.keys()].sort((left, right) => left - right)).toEqual([...Array(total).keys()]);
  expect(unflagged).toEqual([]);
  for (const peer of [producer.peer, consumer]) peer.drop();
});

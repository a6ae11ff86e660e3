import type { Consumer } from '@causeway/core';

/**
 * Stops and restarts all consumers of a connection together: when the client has as many
 * unacknowledged deliveries as it takes (its Receive Maximum [MQTT-3.3.4-9]), and while its socket
 * is congested. Consumers themselves have credit without end.
 */
export class DeliveryWindow {
  readonly #consumers = new Set<Consumer>();
  readonly #retired = new Set<Consumer>();
  readonly #size: number;
  #inFlight = 0;
  #congested = false;
  #blocked = false;
  #held = false;
  #paused = false;

  /** @param size QoS 1 and 2 deliveries that may be unacknowledged */
  constructor(size: number) {
    this.#size = size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  add(consumer: Consumer): void {
    this.#consumers.add(consumer);
    if (this.#paused) consumer.pause();
  }

  /** The consumer is closed, or about to be. */
  remove(consumer: Consumer): void {
    this.#consumers.delete(consumer);
    this.#retired.delete(consumer);
  }

  /** The consumer gets nothing more, but what it holds is still to be acknowledged. */
  retire(consumer: Consumer): void {
    consumer.pause();
    this.#consumers.delete(consumer);
    this.#retired.add(consumer);
  }

  /** All consumers that are open. */
  get consumers(): Consumer[] {
    return [...this.#consumers, ...this.#retired];
  }

  /** A delivery awaits its acknowledgement. */
  enter(): void {
    if (++this.#inFlight >= this.#size) this.#pause();
  }

  /** A delivery is done. */
  leave(): void {
    this.#inFlight--;
    this.#resume();
  }

  set congested(congested: boolean) {
    this.#congested = congested;
    if (congested) this.#pause();
    else this.#resume();
  }

  /** There is no packet identifier for another delivery until one is freed. */
  set blocked(blocked: boolean) {
    this.#blocked = blocked;
    if (blocked) this.#pause();
    else this.#resume();
  }

  /** A SUBACK waits for the disk: what its subscriptions bring comes after it. */
  set held(held: boolean) {
    this.#held = held;
    if (held) this.#pause();
    else this.#resume();
  }

  get #closed(): boolean {
    return this.#congested || this.#blocked || this.#held || this.#inFlight >= this.#size;
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    for (const consumer of this.#consumers) consumer.pause();
  }

  #resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    for (const consumer of this.#consumers) consumer.resume();
  }
}

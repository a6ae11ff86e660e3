import type { Consumer } from './consumer.js';

/** The consumers of a queue, served in turn. */
export class ConsumerGroup {
  readonly members: Consumer[] = [];
  #next = 0;

  get size(): number {
    return this.members.length;
  }

  add(consumer: Consumer): void {
    this.members.push(consumer);
  }

  remove(consumer: Consumer): void {
    const index = this.members.indexOf(consumer);
    if (index < 0) return;
    this.members.splice(index, 1);
    if (index < this.#next) this.#next--;
  }

  /** The consumer whose turn it is among those that take a delivery now, or null. */
  nextReady(): Consumer | null {
    const { members } = this;
    for (let tried = 0; tried < members.length; tried++) {
      if (this.#next >= members.length) this.#next = 0;
      const consumer = members[this.#next]!;
      if (consumer.ready) return consumer;
      this.#next++;
    }
    return null;
  }

  /** The consumer that `nextReady` returned is given something: it is the next one's turn. */
  rotate(): void {
    this.#next++;
  }
}

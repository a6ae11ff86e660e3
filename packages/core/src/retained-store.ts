import type { Address } from './address.js';
import { BrokerError } from './errors.js';
import type { Limits } from './limits.js';
import type { Message } from './message.js';
import type { Store } from './ports.js';
import { TopicTree } from './topic-tree.js';

interface Retained {
  readonly id: number;
  readonly topic: string;
  /** Null once deleted, until the deletion is staged. */
  message: Message | null;
  /** The broker's own topics are not stored. */
  readonly stored: boolean;
}

/**
 * The last message of each topic that asked for it. Changes are staged when the commit is sealed,
 * so that a topic that changes often is written once per commit.
 */
export class RetainedStore {
  readonly #byTopic = new Map<string, Retained>();
  readonly #tree = new TopicTree<Retained>();
  readonly #changed = new Set<Retained>();
  readonly #store: Store;
  readonly #limits: Limits;
  readonly #nextId: () => number;
  #bytes = 0;

  constructor(store: Store, limits: Limits, nextId: () => number) {
    this.#store = store;
    this.#limits = limits;
    this.#nextId = nextId;
  }

  get size(): number {
    return this.#byTopic.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the next seal will write anything. */
  get dirty(): boolean {
    return this.#changed.size > 0;
  }

  /**
   * Takes a message as the last of its topic; an empty one deletes what was kept
   * [MQTT-3.3.1-6].
   * @throws BrokerError `quota-exceeded` when there is no room for another
   */
  keep(message: Message, empty: boolean): void {
    const topic = message.address.name;
    const known = this.#byTopic.get(topic);
    if (empty) {
      if (known !== undefined) this.#delete(known);
      return;
    }
    this.#checkRoom(message, known?.message ?? null);
    message.keep();
    const retained = known ?? this.#create(message.address);
    this.#bytes += message.size - (retained.message?.size ?? 0);
    retained.message = message;
    if (retained.stored) this.#changed.add(retained);
  }

  /** Puts back what was stored. */
  restore(id: number, message: Message): void {
    const topic = message.address.name;
    const retained: Retained = { id, topic, message, stored: true };
    this.#byTopic.set(topic, retained);
    this.#tree.add(topic, retained);
    this.#bytes += message.size;
  }

  find(filter: string, nowMs: number, visit: (message: Message) => void): void {
    const expired: Retained[] = [];
    this.#tree.find(filter, (retained) => {
      const { message } = retained;
      if (message === null) return;
      if (message.expiresAt > 0 && message.expiresAt <= nowMs) expired.push(retained);
      else visit(message);
    });
    for (const retained of expired) this.#delete(retained);
  }

  /** Stages everything that changed into the open commit. */
  stage(): void {
    for (const { id, message } of this.#changed) {
      if (message === null) this.#store.deleteDocument('retained', id);
      else this.#store.putRetained(id, message);
    }
    this.#changed.clear();
  }

  #create(address: Address): Retained {
    const stored = !address.name.startsWith('$');
    const topic = address.name;
    const retained: Retained = { id: stored ? this.#nextId() : 0, topic, message: null, stored };
    this.#byTopic.set(topic, retained);
    this.#tree.add(topic, retained);
    return retained;
  }

  #delete(retained: Retained): void {
    this.#byTopic.delete(retained.topic);
    this.#tree.remove(retained.topic, retained);
    this.#bytes -= retained.message?.size ?? 0;
    retained.message = null;
    if (retained.stored) this.#changed.add(retained);
  }

  #checkRoom(message: Message, replaced: Message | null): void {
    const { retainedMessagesMax, retainedBytesMax } = this.#limits;
    const bytes = this.#bytes + message.size - (replaced?.size ?? 0);
    if ((replaced === null && this.size >= retainedMessagesMax) || bytes > retainedBytesMax) {
      throw new BrokerError('quota-exceeded', 'no room for another retained message');
    }
  }
}

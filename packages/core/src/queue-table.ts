import type { AddressBook } from './address.js';
import {
  type BindingDocument,
  decodeDocument,
  encodeDocument,
  type QueueDocument,
  SCHEDULE_KIND,
  type SubscriptionLife,
} from './documents.js';
import { BrokerError } from './errors.js';
import type { Formats } from './format.js';
import { COUNTER_ID, type IdCounter } from './id-counter.js';
import type { Limits } from './limits.js';
import type { Policies } from './policy.js';
import type { RecoveredState, Store } from './ports.js';
import { Queue } from './queue.js';
import type { QueueContext } from './queue-context.js';
import type { QueueDefinition, QueueKind } from './queue-definition.js';
import type { Router } from './router.js';
import { compileSelector } from './selector/compile-selector.js';
import type { Selector } from './selector/selector.js';
import { Binding, type BindingOptions } from './subscription.js';

interface Dependencies {
  readonly store: Store;
  readonly ids: IdCounter;
  readonly addresses: AddressBook;
  readonly policies: Policies;
  readonly router: Router;
  readonly limits: Limits;
  readonly formats: Formats;
  readonly context: QueueContext;
}

export interface CreateQueue {
  readonly name: string;
  readonly kind: QueueKind;
  readonly durable: boolean;
  readonly ownerId: number;
}

export interface RestoredQueues {
  /** Those whose deletion was not finished. */
  readonly unfinished: readonly Queue[];
  /** Subscriptions that do not last for ever. */
  readonly lives: ReadonlyMap<Queue, SubscriptionLife>;
}

/** All queues and the bindings that feed them, in memory and as documents. */
export class QueueTable {
  readonly #byId = new Map<number, Queue>();
  /** Queues that clients address by name. */
  readonly #addressed = new Map<string, Queue>();
  /** Queues behind sessions and subscriptions: no client's destination can name them. */
  readonly #internal = new Map<string, Queue>();
  readonly #dependencies: Dependencies;
  #scheduleId = 0;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  get size(): number {
    return this.#byId.size;
  }

  get all(): ReadonlyMap<number, Queue> {
    return this.#byId;
  }

  /** Id of the queue of delayed messages; 0 until there is one. */
  get scheduleId(): number {
    return this.#scheduleId;
  }

  /** Creates the queue of delayed messages. @returns its id */
  createSchedule(): number {
    const { ids, store } = this.#dependencies;
    this.#scheduleId = ids.durable();
    const document: QueueDocument = { name: SCHEDULE_KIND, kind: SCHEDULE_KIND, ownerId: 0 };
    store.putDocument('queue', this.#scheduleId, encodeDocument(document));
    return this.#scheduleId;
  }

  byId(id: number): Queue | null {
    return this.#byId.get(id) ?? null;
  }

  addressed(name: string): Queue | null {
    return this.#addressed.get(name) ?? null;
  }

  internal(name: string): Queue | null {
    return this.#internal.get(name) ?? null;
  }

  /** @throws BrokerError `quota-exceeded` unless there is room for this many more */
  checkRoom(more: number): void {
    const { queuesMax } = this.#dependencies.limits;
    if (more === 0 || this.#byId.size + more <= queuesMax) return;
    throw new BrokerError('quota-exceeded', `there are ${this.#byId.size} queues already`);
  }

  /**
   * @param limited false for what the broker itself cannot do without
   * @throws BrokerError `quota-exceeded`
   */
  create(options: CreateQueue, limited = true): Queue {
    const { ids } = this.#dependencies;
    if (limited) this.checkRoom(1);
    const id = options.durable ? ids.durable() : ids.transient();
    const queue = this.#build(id, options);
    this.#register(queue);
    this.save(queue);
    return queue;
  }

  /** Stores what is known of a queue beside its messages, if it is durable. */
  save(queue: Queue, more: Pick<QueueDocument, 'life' | 'deleted'> = {}): void {
    if (!queue.durable) return;
    const { id, name, kind, ownerId } = queue;
    const document: QueueDocument = { name, kind, ownerId, ...more };
    this.#dependencies.store.putDocument('queue', id, encodeDocument(document));
  }

  bind(queue: Queue, filter: string, options: BindingOptions): boolean {
    const { router, ids } = this.#dependencies;
    const selector = this.selectorOf(options);
    const known = queue.bindings.get(filter);
    if (known !== undefined) {
      known.options = options;
      known.selector = selector;
      router.changed();
      this.#saveBinding(known);
      return true;
    }
    const id = queue.durable ? ids.durable() : ids.transient();
    const binding = new Binding(id, filter, queue, options, selector);
    queue.bindings.set(filter, binding);
    router.add(binding);
    this.#saveBinding(binding);
    return false;
  }

  /** @throws BrokerError `invalid-selector` */
  selectorOf(
    options: BindingOptions,
    limits: Pick<Limits, 'selectorBytesMax'> = this.#dependencies.limits,
  ): Selector | null {
    const text = options.selector ?? null;
    return text === null ? null : compileSelector(text, this.#dependencies.formats, limits);
  }

  unbind(queue: Queue, filter: string): boolean {
    const binding = queue.bindings.get(filter);
    if (binding === undefined) return false;
    queue.bindings.delete(filter);
    this.#dependencies.router.remove(binding);
    if (queue.durable) this.#dependencies.store.deleteDocument('binding', binding.id);
    return true;
  }

  /** Takes a queue out of routing; its messages are settled by and by, then `forget` ends it. */
  retire(queue: Queue): void {
    for (const filter of [...queue.bindings.keys()]) this.unbind(queue, filter);
    this.#names(queue.kind).delete(queue.name);
    queue.deleted = true;
    this.save(queue, { deleted: true });
  }

  forget(queue: Queue): void {
    this.#byId.delete(queue.id);
    if (queue.durable) this.#dependencies.store.deleteDocument('queue', queue.id);
  }

  /** Builds what was stored. */
  restore(state: RecoveredState): RestoredQueues {
    const unfinished: Queue[] = [];
    const lives = new Map<Queue, SubscriptionLife>();
    for (const [id, bytes] of state.documents.queue) {
      if (id === COUNTER_ID) continue;
      const { deleted, kind, life, ...document } = decodeDocument<QueueDocument>(bytes);
      if (kind === SCHEDULE_KIND) {
        this.#scheduleId = id;
        continue;
      }
      const queue = this.#build(id, { ...document, kind, durable: true }, state);
      if (deleted === true) {
        queue.deleted = true;
        this.#byId.set(id, queue);
        unfinished.push(queue);
      } else {
        this.#register(queue);
        if (life !== undefined) lives.set(queue, life);
      }
    }
    for (const [id, bytes] of state.documents.binding) this.#restoreBinding(id, bytes);
    return { unfinished, lives };
  }

  #restoreBinding(id: number, bytes: Buffer): void {
    const { queueId, filter, options } = decodeDocument<BindingDocument>(bytes);
    const queue = this.#byId.get(queueId);
    if (queue === undefined || queue.deleted) {
      this.#dependencies.store.deleteDocument('binding', id);
      return;
    }
    // It was short enough when it came, whatever the limit is now.
    const selector = this.selectorOf(options, { selectorBytesMax: Number.POSITIVE_INFINITY });
    const binding = new Binding(id, filter, queue, options, selector);
    queue.bindings.set(filter, binding);
    this.#dependencies.router.add(binding);
  }

  #build(id: number, options: CreateQueue, state?: RecoveredState): Queue {
    const { addresses, policies, context } = this.#dependencies;
    const address = addresses.queue(options.name);
    const definition: QueueDefinition = { id, address, ...options };
    return new Queue(definition, policies.for(address), context, state?.queues.get(id));
  }

  #register(queue: Queue): void {
    this.#byId.set(queue.id, queue);
    this.#names(queue.kind).set(queue.name, queue);
  }

  #names(kind: QueueKind): Map<string, Queue> {
    return kind === 'queue' || kind === 'temporary' ? this.#addressed : this.#internal;
  }

  #saveBinding(binding: Binding): void {
    const { queue, filter, options, id } = binding;
    if (!queue.durable) return;
    const document: BindingDocument = { queueId: queue.id, filter, options };
    this.#dependencies.store.putDocument('binding', id, encodeDocument(document));
  }
}

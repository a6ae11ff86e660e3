import {
  type AddressBook,
  type CheckpointSource,
  type DocumentKind,
  Message,
  type QueueState,
  type RecoveredState,
  type Store,
} from '@causeway/core';

const KINDS: readonly DocumentKind[] = ['queue', 'binding', 'session', 'retained'];

interface ModelEntry {
  /** What identifies the message: its text. */
  readonly text: string;
  readonly durable: boolean;
  readonly bodyId: number;
  readonly boot: number;
  readonly direct: boolean;
  /** Absent for at once. */
  readonly notBefore?: number;
}

class ModelQueue {
  tail = 1;
  dispatchedBelow = 0;
  readonly live = new Map<number, ModelEntry>();
  readonly settled = new Set<number>();
  readonly deliveryCounts = new Map<number, number>();
}

/** All that a store must still know, in the plainest form. */
export class ModelState {
  readonly queues = new Map<number, ModelQueue>();
  readonly slots = new Map<number, Map<number, string>>();
  readonly documents = new Map<string, string>();
  /** Targets by body. */
  readonly bodies = new Map<number, number[]>();
  /** The queues that a simulation uses; a deleted one is replaced by another id. */
  activeQueues = [1, 2, 3];
  nextQueueId = 4;

  queue(id: number): ModelQueue {
    let queue = this.queues.get(id);
    if (queue === undefined) {
      queue = new ModelQueue();
      this.queues.set(id, queue);
    }
    return queue;
  }

  copy(): ModelState {
    const copy = new ModelState();
    for (const [id, queue] of this.queues) {
      const other = copy.queue(id);
      other.tail = queue.tail;
      other.dispatchedBelow = queue.dispatchedBelow;
      for (const [sequence, entry] of queue.live) other.live.set(sequence, entry);
      for (const sequence of queue.settled) other.settled.add(sequence);
      for (const [sequence, count] of queue.deliveryCounts) {
        other.deliveryCounts.set(sequence, count);
      }
    }
    for (const [id, slots] of this.slots) copy.slots.set(id, new Map(slots));
    for (const [key, value] of this.documents) copy.documents.set(key, value);
    for (const [id, targets] of this.bodies) copy.bodies.set(id, targets);
    copy.activeQueues = [...this.activeQueues];
    copy.nextQueueId = this.nextQueueId;
    return copy;
  }
}

/**
 * Drives a store and keeps beside it what the store must still know. Also what the store asks
 * when it writes checkpoints, as core is.
 */
export class StoreModel implements CheckpointSource {
  readonly addresses: AddressBook;
  readonly store: Store;
  state: ModelState;
  readonly #boot: number;
  #nextId: number;

  constructor(store: Store, addresses: AddressBook, state: ModelState, boot: number) {
    this.store = store;
    this.addresses = addresses;
    this.state = state;
    this.#boot = boot;
    this.#nextId = boot * 2 ** 36;
    store.setCheckpointSource(this);
  }

  message(text: string, durable = true): Message {
    const bytes = Buffer.from(text);
    const address = this.addresses.topic(`model.${text.length % 3}`);
    const message = new Message(address, 2, durable, bytes, 0, bytes.length, false);
    message.id = this.#nextId++;
    message.timestamp = 1_700_000_000_000;
    return message;
  }

  /** A message that may not be delivered before its time. */
  putDelayed(queueId: number, text: string, notBefore: number): number {
    const entry = { text, durable: true, bodyId: 0, boot: this.#boot, direct: false };
    const sequence = this.#take(queueId, { ...entry, notBefore });
    const message = this.message(text);
    message.notBefore = notBefore;
    this.store.putEntry(queueId, sequence, message, false);
    return sequence;
  }

  put(queueId: number, text: string, durable = true, direct = false): number {
    const sequence = this.#take(queueId, { text, durable, bodyId: 0, boot: this.#boot, direct });
    this.store.putEntry(queueId, sequence, this.message(text, durable), direct);
    return sequence;
  }

  putShared(queueIds: readonly number[], text: string): number {
    const message = this.message(text);
    const entry = { text, durable: true, bodyId: message.id, boot: this.#boot, direct: false };
    const targets = queueIds.flatMap((id) => [id, this.#take(id, entry)]);
    this.store.putBody(message, targets);
    for (let index = 0; index < targets.length; index += 2) {
      this.store.putReference(targets[index]!, targets[index + 1]!, message.id, false);
    }
    this.state.bodies.set(message.id, targets);
    return message.id;
  }

  settle(queueId: number, sequence: number): void {
    const queue = this.state.queue(queueId);
    const { bodyId } = queue.live.get(sequence)!;
    queue.live.delete(sequence);
    queue.settled.add(sequence);
    queue.deliveryCounts.delete(sequence);
    this.store.settle(queueId, sequence);
    if (bodyId > 0) this.#releaseBody(bodyId);
  }

  deliveryFailed(queueId: number, sequence: number): void {
    const counts = this.state.queue(queueId).deliveryCounts;
    const count = (counts.get(sequence) ?? 0) + 1;
    counts.set(sequence, count);
    this.store.deliveryFailed(queueId, sequence, count);
  }

  dispatched(queueId: number, below: number): void {
    this.#own('queue', queueId);
    const queue = this.state.queue(queueId);
    queue.dispatchedBelow = Math.max(queue.dispatchedBelow, below);
    this.store.dispatched(queueId, below);
  }

  putSlot(sessionId: number, slot: number, value: string | null): void {
    const slots = this.state.slots.get(sessionId) ?? new Map<number, string>();
    this.state.slots.set(sessionId, slots);
    this.#own('session', sessionId);
    if (value === null) slots.delete(slot);
    else slots.set(slot, value);
    this.store.putSlot(sessionId, slot, value === null ? null : Buffer.from(value));
  }

  putDocument(kind: DocumentKind, id: number, value: string): void {
    this.state.documents.set(`${kind} ${id}`, value);
    this.store.putDocument(kind, id, Buffer.from(value));
  }

  /** With the document of a queue or session its facts are gone. */
  deleteDocument(kind: DocumentKind, id: number): void {
    if (kind === 'queue') this.state.queues.delete(id);
    if (kind === 'session') this.state.slots.delete(id);
    this.state.documents.delete(`${kind} ${id}`);
    this.store.deleteDocument(kind, id);
  }

  queueState(queueId: number): QueueState | null {
    const queue = this.state.queues.get(queueId);
    if (queue === undefined) return null;
    const { watermark, settledRanges, deliveryCounts, dispatchedBelow } = describeQueue(queue);
    return { watermark, settledRanges, deliveryCounts, dispatchedBelow };
  }

  sessionSlots(sessionId: number): ReadonlyMap<number, Buffer> | null {
    const slots = this.state.slots.get(sessionId);
    if (slots === undefined) return null;
    return new Map([...slots].map(([slot, value]) => [slot, Buffer.from(value)]));
  }

  /** Facts belong to a document. */
  #own(kind: DocumentKind, id: number): void {
    if (!this.state.documents.has(`${kind} ${id}`)) this.putDocument(kind, id, 'its owner');
  }

  #take(queueId: number, entry: ModelEntry): number {
    this.#own('queue', queueId);
    const queue = this.state.queue(queueId);
    queue.live.set(queue.tail, entry);
    return queue.tail++;
  }

  #releaseBody(bodyId: number): void {
    const targets = this.state.bodies.get(bodyId)!;
    for (let index = 0; index < targets.length; index += 2) {
      const queue = this.state.queues.get(targets[index]!);
      if (queue?.live.has(targets[index + 1]!) === true) return;
    }
    this.state.bodies.delete(bodyId);
    this.store.deleteBody(bodyId);
  }
}

/** The model's state in the words of `RecoveredState`, for comparison. */
export function describeModel(state: ModelState): unknown {
  return {
    queues: sorted(
      [...state.queues]
        .filter(([, { tail, dispatchedBelow }]) => tail > 1 || dispatchedBelow > 0)
        .map(([id, queue]) => [id, describeQueue(queue)]),
    ),
    slots: sorted([...state.slots].map(([id, slots]) => [id, sorted([...slots])])),
    documents: [...state.documents].sort(),
  };
}

export function describeRecovered(recovered: RecoveredState): unknown {
  const documents = KINDS.flatMap((kind) =>
    [...recovered.documents[kind]].map(([id, value]) => [`${kind} ${id}`, value.toString()]),
  );
  const slots = [...recovered.sessionSlots].map(([id, values]): [number, unknown] => [
    id,
    sorted([...values].map(([slot, value]) => [slot, value.toString()])),
  ]);
  const queues = [...recovered.queues].map(([id, queue]): [number, unknown] => [
    id,
    { ...queue, deliveryCounts: sortedPairs(queue.deliveryCounts) },
  ]);
  return { queues: sorted(queues), slots: sorted(slots), documents: documents.sort() };
}

function describeQueue(queue: ModelQueue) {
  let watermark = 1;
  while (queue.settled.has(watermark)) watermark++;
  const settledRanges: number[] = [];
  for (const sequence of [...queue.settled].filter((at) => at > watermark).sort(ascending)) {
    if (settledRanges.at(-1) === sequence - 1) settledRanges[settledRanges.length - 1] = sequence;
    else settledRanges.push(sequence, sequence);
  }
  return {
    tail: queue.tail,
    watermark,
    settledRanges,
    deliveryCounts: sorted([...queue.deliveryCounts]).flat() as number[],
    dispatchedBelow: queue.dispatchedBelow,
  };
}

function sorted<T>(pairs: [number, T][]): [number, T][] {
  return pairs.sort(([left], [right]) => left - right);
}

function sortedPairs(flat: readonly number[]): number[] {
  const pairs: [number, number][] = [];
  for (let index = 0; index < flat.length; index += 2) pairs.push([flat[index]!, flat[index + 1]!]);
  return sorted(pairs).flat();
}

function ascending(left: number, right: number): number {
  return left - right;
}

import type { Address } from './address.js';
import type { Message } from './message.js';
import type { Queue } from './queue.js';
import type { Selector } from './selector/selector.js';
import type { Binding } from './subscription.js';
import { TopicTree } from './topic-tree.js';

/** One queue that a topic's messages go to, with every binding that matched. */
export class Target {
  readonly queue: Queue;
  readonly bindings: readonly Binding[];
  /** Whether any binding lets durable messages be stored. */
  readonly durable: boolean;
  /** Whether every binding excludes the queue's own owner. */
  readonly noLocal: boolean;
  /** A message must match one of them; null when a binding takes everything. */
  readonly #selectors: readonly Selector[] | null;
  /** The message was kept by its topic and put into this queue for a new subscription. */
  readonly direct: boolean;
  /** What the receiving protocol computed from the bindings; owned by it. */
  cache: unknown = undefined;

  constructor(queue: Queue, bindings: readonly Binding[], direct = false) {
    this.queue = queue;
    this.bindings = bindings;
    this.direct = direct;
    this.durable = bindings.some((binding) => binding.options.durable);
    this.noLocal = bindings.every((binding) => binding.options.noLocal);
    const selectors = bindings.flatMap(({ selector }) => (selector === null ? [] : [selector]));
    const all = selectors.length === bindings.length;
    this.#selectors = all && selectors.length > 0 ? selectors : null;
  }

  /** Whether its bindings take some messages only. */
  get selective(): boolean {
    return this.#selectors !== null;
  }

  selects(message: Message): boolean {
    return this.#selectors === null || this.#selectors.some((each) => each.matches(message));
  }
}

/** Where the messages of one topic go, as long as no binding changes. */
export class Route {
  readonly version: number;
  readonly targets: readonly Target[];
  readonly #selective: boolean;

  constructor(version: number, targets: readonly Target[]) {
    this.version = version;
    this.targets = targets;
    this.#selective = targets.some((target) => target.selective);
  }

  /** The targets whose bindings take the message. */
  targetsFor(message: Message): readonly Target[] {
    return this.#selective ? this.targets.filter((each) => each.selects(message)) : this.targets;
  }

  /** How the topic's messages reach a queue; null when they no longer do. */
  targetOf(queue: Queue): Target | null {
    return this.targets.find((target) => target.queue === queue) ?? null;
  }
}

/** Routes and their targets that are remembered: about 150 bytes each. */
const CACHED_MAX = 200_000;

/** Topics are only routing: from a name to the queues whose filters match it. */
export class Router {
  readonly #tree = new TopicTree<Binding>();
  #version = 1;
  /** Topics whose routes are remembered, stale ones too. */
  #cached: Address[] = [];
  /** Their routes and targets. */
  #cachedCount = 0;

  add(binding: Binding): void {
    this.#tree.add(binding.filter, binding);
    this.#version++;
  }

  remove(binding: Binding): void {
    this.#tree.remove(binding.filter, binding);
    this.#version++;
  }

  /** Options of a binding changed: what was computed from them is stale. */
  changed(): void {
    this.#version++;
  }

  route(topic: Address): Route {
    const cached = topic.route as Route | undefined;
    if (cached !== undefined && cached.version === this.#version) return cached;
    const route = this.#compute(topic.name);
    this.#remember(topic, cached, route);
    return route;
  }

  /** Many topics with many subscribers each would fill the memory: then all are forgotten. */
  #remember(topic: Address, replaced: Route | undefined, route: Route): void {
    this.#cachedCount += route.targets.length - (replaced?.targets.length ?? -1);
    if (this.#cachedCount > CACHED_MAX) {
      for (const address of this.#cached) address.route = undefined;
      this.#cached = [];
      this.#cachedCount = route.targets.length + 1;
      replaced = undefined;
    }
    if (replaced === undefined) this.#cached.push(topic);
    topic.route = route;
  }

  #compute(name: string): Route {
    const byQueue = new Map<Queue, Binding[]>();
    for (const binding of this.#tree.match(name)) {
      const bindings = byQueue.get(binding.queue);
      if (bindings === undefined) byQueue.set(binding.queue, [binding]);
      else bindings.push(binding);
    }
    const targets = [...byQueue].map(([queue, bindings]) => new Target(queue, bindings));
    return new Route(this.#version, targets);
  }
}

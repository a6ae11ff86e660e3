import type { Address } from './address.js';
import type { Queue } from './queue.js';
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
  }
}

/** Where the messages of one topic go, as long as no binding changes. */
export class Route {
  readonly version: number;
  readonly targets: readonly Target[];

  constructor(version: number, targets: readonly Target[]) {
    this.version = version;
    this.targets = targets;
  }

  /** How the topic's messages reach a queue; null when they no longer do. */
  targetOf(queue: Queue): Target | null {
    return this.targets.find((target) => target.queue === queue) ?? null;
  }
}

/** Topics are only routing: from a name to the queues whose filters match it. */
export class Router {
  readonly #tree = new TopicTree<Binding>();
  #version = 1;

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
    topic.route = route;
    return route;
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

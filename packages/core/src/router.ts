import type { Queue } from './queue.js';
import type { Binding } from './subscription.js';

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

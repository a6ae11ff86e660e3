import type { Queue } from './queue.js';
import type { Selector } from './selector/selector.js';

/** How a filter feeds a queue. */
export interface BindingOptions {
  /** Messages of the queue's own owner do not match. */
  readonly noLocal: boolean;
  /** False: what arrives through this binding is never stored, whatever the message says. */
  readonly durable: boolean;
  /** The text of a selector: only what it matches goes into the queue; absent or null for all. */
  readonly selector?: string | null;
  /** The protocol's own subscription options; kept as JSON when the queue is durable. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** A filter bound to a queue: what the protocols call a subscription. */
export class Binding {
  readonly id: number;
  readonly filter: string;
  readonly queue: Queue;
  options: BindingOptions;
  /** What `options.selector` was compiled to. */
  selector: Selector | null;

  constructor(
    id: number,
    filter: string,
    queue: Queue,
    options: BindingOptions,
    selector: Selector | null = null,
  ) {
    this.id = id;
    this.filter = filter;
    this.queue = queue;
    this.options = options;
    this.selector = selector;
  }
}

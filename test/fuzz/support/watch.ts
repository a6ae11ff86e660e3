import { ChunkBuffer } from '@causeway/wire';
import { Deadlines } from '../../../packages/core/src/deadlines.js';
import { FrameBuffer } from '../../../packages/stomp/src/codec/frame-buffer.js';

/** The most bytes that any decoder has kept for the rest of a frame since `forget`. */
export class PendingWatch {
  #most = 0;

  get most(): number {
    return this.#most;
  }

  forget(): void {
    this.#most = 0;
  }

  /** Looks at all decoders of this process. */
  start(): void {
    this.#follow(ChunkBuffer.prototype, ['keep', 'push']);
    this.#follow(FrameBuffer.prototype, ['keep', 'append']);
  }

  #follow(prototype: ChunkBuffer | FrameBuffer, methods: readonly string[]): void {
    const watch = this;
    const table = prototype as unknown as Record<string, (...values: unknown[]) => unknown>;
    for (const name of methods) {
      const original = table[name]!;
      table[name] = function (this: ChunkBuffer | FrameBuffer, ...values: unknown[]) {
        const result = original.apply(this, values);
        watch.#most = Math.max(watch.#most, this.length);
        return result;
      };
    }
  }
}

/** Deadlines of all brokers of this process that have neither run nor been cancelled. */
export class DeadlineWatch {
  readonly #open = new Set<() => void>();

  get open(): number {
    return this.#open.size;
  }

  forget(): void {
    this.#open.clear();
  }

  start(): void {
    const open = this.#open;
    const { add } = Deadlines.prototype;
    Deadlines.prototype.add = function (this: Deadlines, at: number, callback: () => void) {
      const run = () => {
        open.delete(run);
        callback();
      };
      open.add(run);
      const cancel = add.call(this, at, run);
      return () => {
        open.delete(run);
        cancel();
      };
    };
  }
}

import type { FlowSettings } from './flow-settings.js';

/** The two ends of a flow. */
export interface FlowEnds {
  /** The source is not read until it is resumed. */
  pause(): void;
  resume(): void;
  /** False when the sink has enough for now; `Flow.drained` says when it has not any more. */
  write(bytes: Buffer): boolean;
  /** The source has sent its last byte. */
  end(): void;
  /** The limit is reached: the connection is to be closed. */
  cut(): void;
}

interface Item {
  readonly kind: 'bytes' | 'end' | 'cut';
  bytes: Buffer;
  readonly dueMs: number;
}

/** What a flow holds back at most; beyond it, its source is not read. */
const HELD_BYTES_MAX = 1024 * 1024;
/** How much of the bandwidth is used in one go. */
const QUANTUM_MS = 20;
const NOTHING = Buffer.alloc(0);

/**
 * One direction of a connection through a proxy: what comes in goes out later, in pieces, slowly or
 * never, as its settings want it, and always in order. Without settings it only passes on.
 */
export class Flow {
  readonly #ends: FlowEnds;
  readonly #random: () => number;
  #settings: FlowSettings;
  #queue: Item[] = [];
  /** Place of the first item in the queue. */
  #head = 0;
  #heldBytes = 0;
  #lastDueMs = 0;
  /** When the bandwidth allows the next byte. */
  #freeMs = 0;
  #remaining: number;
  /** The limit is reached, and what came before is still on its way. */
  #cutting = false;
  #blocked = false;
  #paused = false;
  #finished = false;
  #lost = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(ends: FlowEnds, settings: FlowSettings, random: () => number) {
    this.#ends = ends;
    this.#settings = settings;
    this.#random = random;
    this.#remaining = settings.bytesMax;
  }

  /** Whether something has vanished: what follows would be another stream. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Whether the source has ended; what it sent may still be on its way. */
  get finished(): boolean {
    return this.#finished;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes a chunk of the source, which is not used by others afterwards. */
  push(chunk: Buffer): void {
    if (this.#settings.vanish || this.#lost) {
      this.#lost = true;
      return;
    }
    if (this.#settings.plain && this.#isEmpty) this.#write(chunk);
    else {
      this.#hold(chunk);
      this.#release();
    }
    this.#regulate();
  }

  /** The source has ended. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#settings.vanish || this.#lost) {
      this.#lost = true;
      return;
    }
    this.#queue.push({ kind: 'end', bytes: NOTHING, dueMs: this.#dueMs() });
    this.#release();
  }

  /** The sink takes more. */
  drained(): void {
    this.#blocked = false;
    this.#release();
    this.#regulate();
  }

  /** Other settings, from here on; what is held back for its latency goes on when there is none. */
  change(settings: FlowSettings): void {
    this.#settings = settings;
    this.#remaining = settings.bytesMax;
    this.#freeMs = 0;
    if (settings.latencyMs === 0 && settings.sliceDelayMs === 0) this.#lastDueMs = 0;
    this.#release();
    this.#regulate();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#head = 0;
    this.#heldBytes = 0;
    this.#lost = true;
  }

  get #isEmpty(): boolean {
    return this.#head === this.#queue.length;
  }

  #hold(chunk: Buffer): void {
    if (this.#cutting) return;
    const bytes = chunk.length > this.#remaining ? chunk.subarray(0, this.#remaining) : chunk;
    this.#remaining -= bytes.length;
    let dueMs = this.#dueMs();
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + this.#pieceBytes(bytes.length));
      this.#queue.push({ kind: 'bytes', bytes: bytes.subarray(at, end), dueMs });
      at = end;
      dueMs += this.#settings.sliceDelayMs;
      this.#lastDueMs = dueMs;
    }
    this.#heldBytes += bytes.length;
    if (this.#remaining > 0) return;
    this.#cutting = true;
    this.#queue.push({ kind: 'cut', bytes: NOTHING, dueMs });
  }

  /** When something that comes now may go on; never before what came earlier. */
  #dueMs(): number {
    const { latencyMs, jitterMs } = this.#settings;
    const nowMs = performance.now();
    const jitter = jitterMs === 0 ? 0 : jitterMs * (2 * this.#random() - 1);
    this.#lastDueMs = Math.max(nowMs + latencyMs + jitter, this.#lastDueMs);
    return this.#lastDueMs;
  }

  #pieceBytes(all: number): number {
    const { sliceBytes, sliceVariation } = this.#settings;
    if (sliceBytes === 0) return all;
    return Math.max(1, Math.round(sliceBytes + sliceVariation * (2 * this.#random() - 1)));
  }

  #release(): void {
    clearTimeout(this.#timer);
    while (!this.#isEmpty && !this.#blocked) {
      const item = this.#queue[this.#head]!;
      const waitMs = this.#waitMs(item);
      if (waitMs > 0) {
        if (waitMs !== Number.POSITIVE_INFINITY) {
          this.#timer = setTimeout(() => this.#releaseLater(), Math.ceil(waitMs));
        }
        return;
      }
      this.#pass(item);
    }
    if (this.#isEmpty) {
      this.#queue = [];
      this.#head = 0;
    }
  }

  #releaseLater(): void {
    this.#release();
    this.#regulate();
  }

  #waitMs(item: Item): number {
    const nowMs = performance.now();
    // Latency that was taken away does not hold anything back any more.
    const dueMs = this.#lastDueMs === 0 ? 0 : item.dueMs;
    if (item.kind !== 'bytes') return dueMs - nowMs;
    if (this.#settings.bytesPerMs === 0) return Number.POSITIVE_INFINITY;
    return Math.max(dueMs, this.#freeMs) - nowMs;
  }

  #pass(item: Item): void {
    if (item.kind !== 'bytes') {
      this.#head++;
      if (item.kind === 'end') this.#ends.end();
      else this.#ends.cut();
      return;
    }
    const { bytesPerMs } = this.#settings;
    const quantum = Math.max(1, Math.floor(bytesPerMs * QUANTUM_MS));
    const bytes = item.bytes.length > quantum ? item.bytes.subarray(0, quantum) : item.bytes;
    if (bytes.length === item.bytes.length) this.#head++;
    else item.bytes = item.bytes.subarray(quantum);
    this.#heldBytes -= bytes.length;
    this.#freeMs = Math.max(performance.now(), this.#freeMs) + bytes.length / bytesPerMs;
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    if (!this.#ends.write(bytes)) this.#blocked = true;
  }

  #regulate(): void {
    const full = this.#blocked || this.#heldBytes >= HELD_BYTES_MAX;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#ends.pause();
    else this.#ends.resume();
  }
}

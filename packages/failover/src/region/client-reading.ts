import type { LogReader, LogReading } from '../shard-log.js';
import { encodeFrame } from './frame.js';
import { FRAME } from './frame-type.js';
import type { RegionLink } from './region-link.js';

/** Bytes of records that may be under way: what a reader that pauses costs in memory. */
const WINDOW_BYTES = 1024 * 1024;

interface Arrived {
  readonly sequence: number;
  readonly bytes: Buffer;
}

/** The node's side of a reading, which outlives connections. */
export class ClientReading implements LogReading {
  readonly #link: RegionLink;
  readonly #reader: LogReader;
  readonly #request: number;
  readonly #forget: () => void;
  /** The next record for the reader, and the next one from the region. */
  #next: number;
  #expected: number;
  /** Records that came while it was paused. */
  #arrived: Arrived[] = [];
  #ending: Error | null = null;
  /** Bytes delivered for which the region has no new credit yet. */
  #owedBytes = 0;
  #paused = false;
  #over = false;
  #scheduled = false;

  /** @param forget called when it is over */
  constructor(
    link: RegionLink,
    request: number,
    from: number,
    reader: LogReader,
    forget: () => void,
  ) {
    this.#link = link;
    this.#request = request;
    this.#next = from;
    this.#expected = from;
    this.#reader = reader;
    this.#forget = forget;
    if (link.isUp) this.start();
  }

  /** Asks for what has not come yet; on each new connection. */
  start(): void {
    if (this.#ending !== null) return;
    this.#expected = this.#next + this.#arrived.length;
    this.#owedBytes = 0;
    const credit = Math.max(WINDOW_BYTES - this.#arrivedBytes(), 0);
    this.#link.send(encodeFrame(FRAME.read, this.#request, [this.#expected, credit]));
  }

  /** A record that is not the expected one is a late one of a former connection. */
  record(sequence: number, bytes: Buffer): void {
    if (this.#over || sequence !== this.#expected) return;
    this.#expected++;
    if (this.#paused || this.#arrived.length > 0) this.#arrived.push({ sequence, bytes });
    else this.#deliver(sequence, bytes);
  }

  ended(cause: Error): void {
    this.#ending = cause;
    this.#endIfEmpty();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliverArrived();
    });
  }

  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#arrived = [];
    this.#forget();
    if (this.#link.isUp) this.#link.send(encodeFrame(FRAME.stop, this.#request));
  }

  /** Ends it without asking the region. */
  close(cause: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#reader.ended(cause);
  }

  #deliverArrived(): void {
    let delivered = 0;
    while (delivered < this.#arrived.length && !this.#paused && !this.#over) {
      const { sequence, bytes } = this.#arrived[delivered++]!;
      this.#deliver(sequence, bytes);
    }
    this.#arrived.splice(0, delivered);
    this.#endIfEmpty();
  }

  #deliver(sequence: number, bytes: Buffer): void {
    this.#next = sequence + 1;
    this.#owedBytes += bytes.length;
    this.#reader.record(sequence, bytes);
    if (this.#owedBytes < WINDOW_BYTES / 2 || this.#over || !this.#link.isUp) return;
    this.#link.send(encodeFrame(FRAME.credit, this.#request, [this.#owedBytes]));
    this.#owedBytes = 0;
  }

  #endIfEmpty(): void {
    if (this.#ending === null || this.#arrived.length > 0 || this.#over) return;
    this.#over = true;
    this.#forget();
    this.#reader.ended(this.#ending);
  }

  #arrivedBytes(): number {
    return this.#arrived.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}

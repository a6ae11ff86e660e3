import { invariant } from '@causeway/core';
import { SimulatedClient } from './simulated-client.js';

const RECORD_BYTES_MAX = 1024 * 1024;

/**
 * A log in memory that several nodes share, each through a client of its own, for simulations: the
 * test decides when a request arrives at the log and when its answer arrives at the node, which of
 * them get lost, and what an engine may do to records that it has not vouched for.
 */
export class SimulatedLog {
  readonly clients: SimulatedClient[] = [];
  #records: Buffer[] = [];
  #first = 1;
  #vouched = 0;

  /**
   * @param automatic whether the client's requests are answered by themselves, in microtasks
   * @param recordBytesMax of this engine
   */
  connect(automatic = true, recordBytesMax = RECORD_BYTES_MAX): SimulatedClient {
    const client = new SimulatedClient(this, automatic, recordBytesMax);
    this.clients.push(client);
    return client;
  }

  get tail(): number {
    return this.#first - 1 + this.#records.length;
  }

  get first(): number {
    return this.#first;
  }

  /** The highest sequence that a writer was told is durable. */
  get vouched(): number {
    return this.#vouched;
  }

  /** The record itself, not a copy; null when the log does not have it. */
  record(sequence: number): Buffer | null {
    return this.#records[sequence - this.#first] ?? null;
  }

  /** The one way to write. @returns whether it was appended */
  append(expectedTail: number, record: Buffer): boolean {
    if (expectedTail !== this.tail) return false;
    this.#records.push(Buffer.from(record));
    for (const client of this.clients) client.grown();
    return true;
  }

  /** Everything up to a sequence is durable from here on. */
  vouch(sequence: number): void {
    this.#vouched = Math.max(this.#vouched, sequence);
  }

  trim(upTo: number): void {
    const below = Math.min(upTo, this.tail) + 1;
    if (below <= this.#first) return;
    this.#records = this.#records.slice(below - this.#first);
    this.#first = below;
    for (const client of this.clients) client.grown();
  }

  /**
   * What an engine may do (L6): records that no `ok` vouches for vanish, even if they were read.
   * Readings end, as they do when the engine fails over.
   */
  vanish(): void {
    this.#cutBack(Math.max(this.#vouched, this.#first - 1));
  }

  /** A fault: records up to `tail` are left, whatever was promised. */
  rewind(tail: number): void {
    this.#vouched = Math.min(this.#vouched, tail);
    this.#cutBack(tail);
  }

  /** A fault: another record is in the place of one. */
  replace(sequence: number, record: Buffer): void {
    invariant(this.record(sequence) !== null, 'a record that exists is replaced');
    this.#records[sequence - this.#first] = Buffer.from(record);
  }

  #cutBack(tail: number): void {
    if (tail >= this.tail) return;
    this.#records = this.#records.slice(0, Math.max(tail + 1 - this.#first, 0));
    for (const client of this.clients) client.lostAbove(tail);
  }
}

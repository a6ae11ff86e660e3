import type { AmqpClient } from './client.js';
import {
  dispositionBytes,
  extendDisposition,
  writeDisposition,
} from './codec/encode-disposition.js';
import { ACCEPTED_BYTES } from './codec/encode-state.js';
import { increment } from './serial.js';

/**
 * What one session has to say about deliveries. While the last thing in the output is an acceptance
 * of our own, the next delivery joins it: confirms come in runs, and a run costs one frame.
 */
export class DispositionWriter {
  readonly #client: AmqpClient;
  readonly #channel: number;
  /** The run that may still grow: where it is, and up to which delivery it goes. */
  #buffer: Buffer | null = null;
  #start = 0;
  #end = 0;
  #last = 0;
  #receiver = false;

  constructor(client: AmqpClient, channel: number) {
    this.#client = client;
    this.#channel = channel;
  }

  /** Accepts and settles one delivery. */
  accept(receiver: boolean, deliveryId: number): void {
    const { out } = this.#client.sink;
    if (
      out.buffer === this.#buffer &&
      out.position === this.#end &&
      receiver === this.#receiver &&
      deliveryId === increment(this.#last)
    ) {
      extendDisposition(out.buffer, this.#start, deliveryId);
      this.#last = deliveryId;
      return;
    }
    this.write(receiver, deliveryId, true, ACCEPTED_BYTES);
    this.#buffer = out.buffer;
    this.#end = out.position;
    this.#start = out.position - dispositionBytes(ACCEPTED_BYTES);
    this.#last = deliveryId;
    this.#receiver = receiver;
  }

  /** Says any state of one delivery. */
  write(receiver: boolean, deliveryId: number, settled: boolean, state: Buffer): void {
    const { out } = this.#client.sink;
    out.reserve(dispositionBytes(state));
    out.position = writeDisposition(
      out.buffer,
      out.position,
      this.#channel,
      receiver,
      deliveryId,
      deliveryId,
      settled,
      state,
    );
    this.#client.flush();
  }
}

import type { Endpoint } from '../endpoint.js';
import type { BenchConsumer, ConsumerEvents, DriverSettings } from './bench-driver.js';
import {
  described,
  frame,
  NULL,
  symbol,
  TRUE,
  terminus,
  text,
  ubyte,
  uint,
} from './raw-amqp-encoding.js';
import { CODES, type FieldReader, findBody } from './raw-amqp-frames.js';
import { RawAmqpLink } from './raw-amqp-link.js';

/** Settle modes (AMQP 1.0, 2.8.2). */
const UNSETTLED = 0;
const SETTLED = 1;
const STAMP_BYTES = 8;
/** A disposition (2.7.6) that settles a range as accepted, with zeros where the range goes. */
const DISPOSITION = frame(
  Buffer.from([
    ...[0, 0x53, CODES.disposition, 0xc0, 17, 5, 0x41],
    ...[0x70, 0, 0, 0, 0, 0x70, 0, 0, 0, 0, 0x41, 0, 0x53, CODES.accepted, 0x45],
  ]),
);
const FIRST_AT = 16;
const LAST_AT = 21;

export async function openRawAmqpConsumer(
  endpoint: Endpoint,
  settings: DriverSettings,
  name: string,
  events: ConsumerEvents,
): Promise<BenchConsumer> {
  const consumer = new RawAmqpConsumer(settings, events);
  const mode = ubyte(consumer.settled ? SETTLED : UNSETTLED);
  const lasting = settings.durable ? [uint(2), symbol('never')] : [];
  const source = terminus(CODES.source, settings.destination, lasting);
  const target = described(CODES.target);
  const attach = described(
    ...[CODES.attach, text(name), uint(0), TRUE, mode, NULL, source, target],
  );
  const link = await RawAmqpLink.open(endpoint, settings.connectTimeoutMs, name, attach, {
    transfer: (reader, bytes, end) => consumer.transfer(link, reader, bytes, end),
    chunkDone: () => consumer.chunkDone(),
    writable: () => {},
    failed: events.failed,
  });
  consumer.start(link);
  return { close: () => link.close() };
}

class RawAmqpConsumer {
  /** Whether the broker settles what it sends. */
  readonly settled: boolean;
  readonly #settings: DriverSettings;
  readonly #events: ConsumerEvents;
  /** The first bytes of a message whose frames do not all come in one chunk. */
  readonly #stamp = Buffer.alloc(STAMP_BYTES);
  #link: RawAmqpLink | null = null;
  #stampBytes = 0;
  #more = false;
  #deliveryId = 0;
  #granted = 0;
  #first = -1;

  constructor(settings: DriverSettings, events: ConsumerEvents) {
    this.#settings = settings;
    this.#events = events;
    this.settled = settings.qos === 0 || settings.ack === 'auto';
  }

  start(link: RawAmqpLink): void {
    this.#link = link;
    this.#granted = this.#settings.prefetch;
    link.grant(this.#granted);
    link.output.flush();
  }

  transfer(link: RawAmqpLink, reader: FieldReader, bytes: Buffer, end: number): void {
    link.nextIncoming = (link.nextIncoming + 1) >>> 0;
    reader.skip(1);
    this.#deliveryId = reader.uint(this.#deliveryId);
    reader.skip(3);
    const more = reader.boolean();
    const begins = !this.#more;
    this.#more = more;
    if (begins && !more) {
      const body = findBody(bytes, reader.end, end);
      this.#finish(link, bytes, body.start, body.end);
      return;
    }
    if (begins) {
      const body = findBody(bytes, reader.end, end);
      this.#stampBytes = bytes.copy(this.#stamp, 0, body.start, body.end);
    }
    if (!more) this.#finish(link, this.#stamp, 0, this.#stampBytes);
  }

  chunkDone(): void {
    const link = this.#link;
    if (link === null) return;
    if (this.#first >= 0) this.#settle(link, this.#first, this.#deliveryId);
    this.#first = -1;
    const { prefetch } = this.#settings;
    if (this.#granted <= prefetch / 2) {
      this.#granted = prefetch;
      link.grant(prefetch);
    }
    link.output.flush();
  }

  #finish(link: RawAmqpLink, bytes: Buffer, start: number, end: number): void {
    link.deliveryCount = (link.deliveryCount + 1) >>> 0;
    this.#granted--;
    if (!this.settled) {
      if (this.#settings.ack === 'client-individual') {
        this.#settle(link, this.#deliveryId, this.#deliveryId);
      } else if (this.#first < 0) this.#first = this.#deliveryId;
    }
    this.#events.received(bytes, start, end);
  }

  #settle(link: RawAmqpLink, first: number, last: number): void {
    const { buffer, at } = link.output.reserve(DISPOSITION.length);
    DISPOSITION.copy(buffer, at);
    buffer.writeUInt32BE(first, at + FIRST_AT);
    buffer.writeUInt32BE(last, at + LAST_AT);
    link.output.written(DISPOSITION.length);
  }
}

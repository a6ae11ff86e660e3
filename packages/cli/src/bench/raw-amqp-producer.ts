import type { Endpoint } from '../endpoint.js';
import { CommandError } from '../exit-code.js';
import type { BenchProducer, DriverSettings, ProducerEvents } from './bench-driver.js';
import { ConfirmBatch } from './confirm-batch.js';
import { described, FALSE, NULL, terminus, text, ubyte, uint } from './raw-amqp-encoding.js';
import { CODES, type FieldReader } from './raw-amqp-frames.js';
import { errorAt, RawAmqpLink } from './raw-amqp-link.js';

/** Settle modes (AMQP 1.0, 2.8.2). */
const UNSETTLED = 0;
const SETTLED = 1;
const REJECTED = 0x25;
/** A header that says durable (3.2.1). */
const DURABLE = Buffer.from([0, 0x53, 0x70, 0xc0, 2, 1, 0x41]);
const EMPTY = Buffer.alloc(0);
/** A transfer frame after its size, with zeros where delivery id and tag go. */
const TRANSFER = Buffer.from([
  ...[2, 0, 0, 0],
  ...[0, 0x53, CODES.transfer, 0xc0, 16, 6],
  ...[0x43, 0x70, 0, 0, 0, 0, 0xa0, 4, 0, 0, 0, 0, 0x43, 0x42, 0x42],
]);
const TRANSFER_BYTES = 4 + TRANSFER.length;
const DELIVERY_ID_AT = 16;
const DELIVERY_TAG_AT = 22;
const SETTLED_AT = 27;

export async function openRawAmqpProducer(
  endpoint: Endpoint,
  settings: DriverSettings,
  name: string,
  events: ProducerEvents,
): Promise<BenchProducer> {
  const confirms = new ConfirmBatch(events);
  const mode = ubyte(settings.qos === 0 ? SETTLED : UNSETTLED);
  const source = described(CODES.source);
  const target = terminus(CODES.target, settings.destination, []);
  const attach = described(
    ...[CODES.attach, text(name), uint(0), FALSE, mode, NULL, source, target, NULL, NULL, uint(0)],
  );
  const link = await RawAmqpLink.open(endpoint, settings.connectTimeoutMs, name, attach, {
    disposition: (reader, bytes) => confirms.add(countAccepted(reader, bytes)),
    chunkDone: () => confirms.tell(),
    writable: events.writable,
    failed: events.failed,
  });
  return new RawAmqpProducer(link, settings.qos === 0);
}

/** How many messages a disposition (2.7.6) settles. */
function countAccepted(reader: FieldReader, bytes: Buffer): number {
  reader.skip(1);
  const first = reader.uint(0);
  const last = reader.uint(first);
  const settled = reader.boolean();
  if (!settled) return 0;
  const at = reader.described();
  const code = at < 0 ? CODES.accepted : bytes[at + 2]!;
  if (code !== CODES.accepted) throw refused(code, bytes, at);
  return ((last - first) >>> 0) + 1;
}

function refused(code: number, bytes: Buffer, at: number): CommandError {
  const rejected = code === REJECTED && bytes[at + 3] !== 0x45;
  // The error is the only field of the list.
  const inner = bytes[at + 3] === 0xc0 ? at + 6 : at + 12;
  const why = rejected && bytes[inner] === 0 ? `: ${errorAt(bytes, inner)}` : '';
  return new CommandError(`the broker refused a message with the outcome ${code}${why}`);
}

class RawAmqpProducer implements BenchProducer {
  readonly #link: RawAmqpLink;
  readonly #settled: boolean;
  /** Frames of a message, as far as is known. */
  #frames = 1;

  constructor(link: RawAmqpLink, settled: boolean) {
    this.#link = link;
    this.#settled = settled;
  }

  get writable(): boolean {
    const { output, credit, window } = this.#link;
    return output.writable && credit > 0 && window >= this.#frames;
  }

  send(body: Buffer): void {
    const link = this.#link;
    const head = this.#head(body.length);
    const room = link.frameBytesMax - TRANSFER_BYTES;
    this.#frames = Math.ceil((head.length + body.length) / room);
    if (this.#frames === 1) this.#transfer(head, body, false);
    else {
      let sent = room - head.length;
      this.#transfer(head, body.subarray(0, sent), true);
      while (sent < body.length) {
        const part = body.subarray(sent, sent + room);
        sent += part.length;
        this.#transfer(EMPTY, part, sent < body.length);
      }
    }
    link.deliveryCount = (link.deliveryCount + 1) >>> 0;
    link.credit--;
  }

  flush(): void {
    this.#link.output.flush();
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** All of the message but its bytes: a header, unless it is the default, and a data section. */
  #head(bodyBytes: number): Buffer {
    const data = Buffer.from([0, 0x53, CODES.data, 0xb0, 0, 0, 0, 0]);
    data.writeUInt32BE(bodyBytes, 4);
    return this.#settled ? data : Buffer.concat([DURABLE, data]);
  }

  /** A transfer frame (2.7.5): handle, delivery id, tag, format, settled and more. */
  #transfer(head: Buffer, payload: Buffer, more: boolean): void {
    const link = this.#link;
    const size = TRANSFER_BYTES + head.length + payload.length;
    const { buffer, at } = link.output.reserve(size);
    buffer.writeUInt32BE(size, at);
    TRANSFER.copy(buffer, at + 4);
    buffer.writeUInt32BE(link.deliveryCount, at + DELIVERY_ID_AT);
    buffer.writeUInt32BE(link.deliveryCount, at + DELIVERY_TAG_AT);
    buffer[at + SETTLED_AT] = this.#settled ? 0x41 : 0x42;
    buffer[at + SETTLED_AT + 1] = more ? 0x41 : 0x42;
    head.copy(buffer, at + TRANSFER_BYTES);
    payload.copy(buffer, at + TRANSFER_BYTES + head.length);
    link.output.written(size);
    link.nextOutgoing = (link.nextOutgoing + 1) >>> 0;
    link.window--;
  }
}

import type { Endpoint } from '../endpoint.js';
import { CommandError } from '../exit-code.js';
import {
  binary,
  described,
  frame,
  NULL,
  protocolHeader,
  symbol,
  text,
  uint,
} from './raw-amqp-encoding.js';
import { CODES, FieldReader, FRAME_SASL, PROTOCOL_HEADER, readFrames } from './raw-amqp-frames.js';
import { type FrameReader as InputReader, RawLink } from './raw-link.js';

/** Transfers that may be on their way at a time: as many as come. */
const WINDOW = 0x7fff_ffff;
const SASL_OK = 0;
const UINT_MAX = 0xffff_ffff;

/** What the user of the link does with the frames that are many; their fields are in `reader`. */
export interface LinkHandlers {
  transfer?(reader: FieldReader, bytes: Buffer, end: number): void;
  disposition?(reader: FieldReader, bytes: Buffer): void;
  /** All frames of a chunk were handled. */
  chunkDone(): void;
  /** More may be sent: the socket takes more, or the broker granted more. */
  writable(): void;
  failed(error: Error): void;
}

/** One connection with one session and one link. */
export class RawAmqpLink {
  readonly output: RawLink;
  /** What the broker allows to be sent: messages, and frames (AMQP 1.0, 2.6.7 and 2.5.6). */
  credit = 0;
  window = 0;
  /** Frames of ours may be so long. */
  frameBytesMax = UINT_MAX;
  /** Numbers of the next transfer in each direction (2.5.6), and of the link's next delivery. */
  nextOutgoing = 0;
  nextIncoming = 0;
  deliveryCount = 0;
  readonly #reader = new FieldReader();
  readonly #handlers: LinkHandlers;
  /** What comes after the login. */
  #begin: () => void = () => {};
  #attached: () => void = () => {};
  #heartbeat: NodeJS.Timeout | undefined;

  /** Logs in as `name` and attaches a link; resolves when the broker has accepted it. */
  static async open(
    endpoint: Endpoint,
    timeoutMs: number,
    name: string,
    attach: Buffer,
    handlers: LinkHandlers,
  ): Promise<RawAmqpLink> {
    const link = new RawAmqpLink(await RawLink.open(endpoint, timeoutMs), handlers);
    await link.#logIn(endpoint, name, attach);
    return link;
  }

  private constructor(output: RawLink, handlers: LinkHandlers) {
    this.output = output;
    this.#handlers = handlers;
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.output.close(frame(described(CODES.close)));
  }

  /** Grants messages, counted from those that have come, and frames without end. */
  grant(credit: number): void {
    const fields = [this.nextIncoming, WINDOW, 0, WINDOW, 0, this.deliveryCount, credit];
    this.output.append(frame(described(CODES.flow, ...fields.map((value) => uint(value >>> 0)))));
  }

  #logIn(endpoint: Endpoint, name: string, attach: Buffer): Promise<void> {
    const { output } = this;
    this.#begin = () => {
      output.append(protocolHeader(0));
      output.append(frame(described(CODES.open, text(name), text(endpoint.host))));
      output.append(frame(described(CODES.begin, NULL, uint(0), uint(WINDOW), uint(WINDOW))));
      output.append(frame(attach));
      output.flush();
    };
    const reading = (attached: () => void): InputReader => {
      this.#attached = attached;
      return (input, inputEnd) =>
        readFrames(input, inputEnd, (type, bytes, start, end) =>
          this.#handle(type, bytes, start, end),
        );
    };
    return output.logIn(Buffer.concat([protocolHeader(3), saslInit(endpoint)]), reading, {
      chunkDone: () => this.#handlers.chunkDone(),
      drained: () => this.#handlers.writable(),
      failed: (error) => {
        clearInterval(this.#heartbeat);
        this.#handlers.failed(error);
      },
    });
  }

  #handle(type: number, bytes: Buffer, start: number, end: number): void {
    if (type === PROTOCOL_HEADER) return;
    const reader = this.#reader;
    reader.load(bytes, start);
    if (type === FRAME_SASL) this.#handleSasl(reader);
    else if (reader.code === CODES.transfer) this.#handlers.transfer?.(reader, bytes, end);
    else if (reader.code === CODES.disposition) this.#handlers.disposition?.(reader, bytes);
    else if (reader.code === CODES.flow) this.#handleFlow(reader);
    else this.#handleRare(reader, bytes);
  }

  #handleRare(reader: FieldReader, bytes: Buffer): void {
    switch (reader.code) {
      case CODES.open:
        this.#handleOpen(reader);
        break;
      case CODES.begin:
        reader.skip(1);
        this.nextIncoming = reader.uint(0);
        this.window = reader.uint(0);
        break;
      case CODES.attach:
        this.#handleAttach(reader);
        break;
      case CODES.detach:
        reader.skip(2);
        throw closed('link', reader, bytes);
      case CODES.end:
        throw closed('session', reader, bytes);
      case CODES.close:
        throw closed('connection', reader, bytes);
      default:
        throw new CommandError(`a frame with the code ${reader.code} was not expected`);
    }
  }

  #handleSasl(reader: FieldReader): void {
    if (reader.code !== CODES.saslOutcome) return;
    const code = reader.uint(SASL_OK);
    if (code !== SASL_OK) throw new CommandError(`the login was refused: SASL code ${code}`);
    this.#begin();
  }

  #handleOpen(reader: FieldReader): void {
    reader.skip(2);
    this.frameBytesMax = reader.uint(UINT_MAX);
    reader.skip(1);
    const idleMs = reader.uint(0);
    if (idleMs === 0) return;
    const beat = () => {
      this.output.append(frame(Buffer.alloc(0)));
      this.output.flush();
    };
    this.#heartbeat = setInterval(beat, Math.max(1, idleMs / 2));
  }

  /** A link whose other end is missing is about to be refused (2.6.3). */
  #handleAttach(reader: FieldReader): void {
    reader.skip(2);
    const brokerReceives = reader.boolean();
    reader.skip(2);
    const source = reader.described();
    const target = reader.described();
    if ((brokerReceives ? target : source) < 0) return;
    reader.skip(2);
    if (!brokerReceives) this.deliveryCount = reader.uint(0);
    this.#attached();
  }

  #handleFlow(reader: FieldReader): void {
    const nextIncoming = reader.uint(0);
    this.window = (nextIncoming + reader.uint(0) - this.nextOutgoing) | 0;
    reader.skip(2);
    // Without a handle it is about the session only.
    if (reader.uint(UINT_MAX) !== UINT_MAX) {
      const deliveryCount = reader.uint(0);
      this.credit = (deliveryCount + reader.uint(0) - this.deliveryCount) | 0;
    }
    this.#handlers.writable();
  }
}

function saslInit({ user, password, host }: Endpoint): Buffer {
  const init =
    user === null
      ? [symbol('ANONYMOUS'), binary('anonymous')]
      : [symbol('PLAIN'), binary(`\0${user}\0${password ?? ''}`)];
  return frame(described(CODES.saslInit, ...init, text(host)), FRAME_SASL);
}

/** With the error that the broker gives, which is the next field. */
function closed(what: string, reader: FieldReader, bytes: Buffer): CommandError {
  const at = reader.described();
  return new CommandError(
    `the broker closed the ${what}${at < 0 ? '' : `: ${errorAt(bytes, at)}`}`,
  );
}

/** Condition and description of an error (2.8.14). */
export function errorAt(bytes: Buffer, at: number): string {
  const reader = new FieldReader();
  reader.load(bytes, at);
  const condition = reader.text() ?? 'no condition';
  const description = reader.text();
  return description === null ? condition : `${condition}: ${description}`;
}

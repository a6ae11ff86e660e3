import type { Address } from './address.js';
import type { Content } from './content.js';
import type { FormatId } from './format.js';

/** What AMQP 1.0 and JMS call the default priority. */
export const PRIORITY_DEFAULT = 4;

/**
 * One message: a small neutral envelope and the sender's bytes verbatim. One object is shared by
 * all the queues the message rests in; nothing in it changes after it was published, except what
 * is cached.
 */
export class Message {
  /** Unique and increasing over the life of the store; 0 until it goes to its queues. */
  id = 0;
  readonly address: Address;
  readonly format: FormatId;
  /** The sender's bytes are `bytes[start, end)`, laid out as its format says. */
  bytes: Buffer;
  start: number;
  end: number;
  /** Survives a restart of the broker. */
  readonly durable: boolean;
  /** 0 to 9. */
  priority = PRIORITY_DEFAULT;
  /** Wall-clock milliseconds since 1970 after which nobody receives it; 0 for never. */
  expiresAt = 0;
  /**
   * Wall-clock milliseconds since 1970 before which nobody receives it; 0 for at once. The broker
   * keeps the message back until then, and sets this to 0 when it lets it go.
   */
  notBefore = 0;
  /** Wall-clock milliseconds at which the broker took it. */
  timestamp = 0;
  /** A small number (0 to 255) that belongs to the format and is stored with the message. */
  formatFlags = 0;
  /** Its topic keeps it for later subscribers. */
  retain = false;
  /** It has no body: with `retain`, its topic forgets what it kept [MQTT-3.3.1-6]. */
  emptyBody = false;
  /** Who sent it: the `ownerId` of a session or connection, for subscriptions without local. */
  publisherId = 0;
  /** What the broker adds on the way, such as why a message is a dead letter; null for nothing. */
  annotations: ReadonlyMap<string, string> | null = null;
  /**
   * What its consumers have added to it, in the encoding of the protocol that lets them, which alone
   * reads it; null for nothing.
   */
  amendments: Buffer | null = null;
  /**
   * Whether `bytes` belongs to somebody else (a chunk of input) and is valid only during the call.
   * `keep` makes it the message's own before it rests anywhere.
   */
  borrowed: boolean;

  /** Cached by `Formats`. */
  content: Content | undefined = undefined;
  /** Cached by `Formats`: the bytes in other formats, by format id. */
  converted: (Buffer | undefined)[] | undefined = undefined;

  /** Queues whose stored entries refer to this message's stored body; see body-table. */
  storedReferences = 0;
  /** Queues that hold an entry with this message in memory. */
  residents = 0;

  constructor(
    address: Address,
    format: FormatId,
    durable: boolean,
    bytes: Buffer,
    start: number,
    end: number,
    borrowed: boolean,
  ) {
    this.address = address;
    this.format = format;
    this.durable = durable;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.borrowed = borrowed;
  }

  /** Bytes of the sender's form. */
  get size(): number {
    return this.end - this.start;
  }

  /** The one copy of a message: out of the input, before it rests in a queue. */
  keep(): void {
    if (!this.borrowed) return;
    const own = Buffer.allocUnsafe(this.end - this.start);
    this.bytes.copy(own, 0, this.start, this.end);
    this.bytes = own;
    this.end -= this.start;
    this.start = 0;
    this.borrowed = false;
  }
}

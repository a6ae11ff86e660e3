import type { Address } from './address.js';
import type { Content, ContentValue } from './content.js';
import type { Message } from './message.js';

/** What of a message is not in its bytes: see {@link Message}. */
export type EnvelopeField = 'durable' | 'priority' | 'expiresAt';

/**
 * How a part of a message arrives: not at all, with another value, or as a text that does not say
 * which type it had.
 */
export type Change = 'lost' | 'changed' | 'retyped';

/** A message as a client of one protocol gives it, to be explained rather than sent. */
export interface SentParts {
  readonly address: Address;
  readonly durable: boolean;
  /** Headers, user properties or application properties, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** What the client says of its body, where the protocol lets it; absent when it says nothing. */
  readonly bodyType?: 'text' | 'binary' | undefined;
  /** A body of another type, instead of `body`, where the protocol has types. */
  readonly value?: ContentValue | undefined;
  readonly contentType?: string | undefined;
  /** An address URI. */
  readonly replyTo?: string | undefined;
  readonly correlationId?: string | undefined;
  /** 0 to 9. */
  readonly priority?: number | undefined;
  /** Wall-clock milliseconds since 1970, as is `timestamp`: when the broker took it. */
  readonly expiresAt?: number | undefined;
  readonly timestamp: number;
}

/**
 * One version of a protocol as its clients know it, for people who want to know what becomes of a
 * message. Several dialects may share a format.
 */
export interface Dialect {
  /** How it is written on a command line, as in `mqtt5`. */
  readonly key: string;
  /** With its version, as in `MQTT 5`. */
  readonly name: string;
  /** What of the envelope its receivers learn. */
  readonly envelope: readonly EnvelopeField[];
  /** What its receivers make of a message whose view in this format is `content`. */
  receive(content: Content): Content;
  /** How its receivers call an address; null when they cannot, and get nothing from it. */
  destination(address: Address): string | null;
  /** What its receivers get besides the body, in the protocol's own words. */
  describe(message: Message): readonly (readonly [name: string, value: string])[];
  /** Why something does not arrive as it was; `field` is as in {@link Loss}. */
  reason(field: string, change: Change): string;
  /**
   * The message as a client of this protocol would have sent it.
   * @throws BrokerError `not-supported` for a part that the protocol has no place for
   */
  compose(parts: SentParts): Message;
}

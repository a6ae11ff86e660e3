/** A typed header or application property, as AMQP 1.0 and JMS know them. */
export type PropertyValue = string | number | bigint | boolean | Uint8Array | Date | null;

/** Any value of a body: a simple one, a list, or a map. */
export type ContentValue =
  | PropertyValue
  | readonly ContentValue[]
  | ReadonlyMap<ContentValue, ContentValue>;

/** A name and its value; lists of them keep the sender's order, and a name may repeat. */
export type Property = readonly [name: string, value: PropertyValue];

export type Body =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array }
  /** A single value that is neither text nor bytes: an amqp-value section (AMQP 1.0 3.2.8). */
  | { readonly kind: 'value'; readonly value: ContentValue }
  /** The items of all amqp-sequence sections, in order (AMQP 1.0 3.2.7). */
  | { readonly kind: 'sequence'; readonly items: readonly ContentValue[] };

/**
 * The neutral view of a message, in the shape of AMQP 1.0's sections. It is the pivot between
 * formats and what selectors, the console and logs read; nothing on the path of a message between
 * two clients of one protocol ever builds it.
 */
export interface Content {
  readonly messageId?: string;
  readonly userId?: string;
  /** What JMS calls the type. */
  readonly subject?: string;
  /** Where replies go, as an address URI: `queue://name` or `topic://name`. */
  readonly replyTo?: string;
  readonly correlationId?: string | Uint8Array;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** Milliseconds since 1970. */
  readonly creationTime?: number;
  readonly groupId?: string;
  readonly groupSequence?: number;
  /** The group that replies belong to. */
  readonly replyToGroupId?: string;
  /** Message annotations (AMQP 1.0 3.2.3), which are for brokers rather than applications. */
  readonly annotations?: readonly Property[];
  /** Application properties. */
  readonly properties: readonly Property[];
  /** Formats may read it when it is first asked for: selectors never do. */
  readonly body: Body;
}

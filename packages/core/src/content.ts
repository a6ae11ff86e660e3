/** A typed header or application property, as AMQP 1.0 and JMS know them. */
export type PropertyValue = string | number | bigint | boolean | Uint8Array | Date | null;

export type Body =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array };

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
  /** Application properties in the sender's order; a name may occur more than once. */
  readonly properties: readonly (readonly [name: string, value: PropertyValue])[];
  readonly body: Body;
}

/** A message to send, in words that all protocols have. */
export interface OutgoingMessage {
  readonly body: Buffer;
  readonly headers: readonly (readonly [string, string])[];
  readonly contentType?: string | undefined;
  /** 0: nobody confirms and nothing is stored; 1 or 2: confirmed and stored. */
  readonly qos: 0 | 1 | 2;
  readonly retain?: boolean | undefined;
  readonly timeToLiveSeconds?: number | undefined;
  readonly priority?: number | undefined;
  readonly replyTo?: string | undefined;
  readonly correlationId?: string | undefined;
}

/** A message that arrived. */
export interface IncomingMessage {
  readonly destination: string;
  readonly body: Buffer;
  readonly headers: readonly (readonly [string, string])[];
  readonly contentType: string | null;
  readonly redelivered: boolean;
  /** Not STOMP: 0 when it is settled already. */
  readonly qos?: number;
  /** MQTT only. */
  readonly retain?: boolean;
}

export interface ReceiveOptions {
  readonly destination: string;
  readonly qos: 0 | 1 | 2;
  readonly ack: 'auto' | 'client' | 'client-individual';
  /** Name of a subscription that stays when the client leaves. */
  readonly durable?: string | undefined;
  /** Unsettled deliveries at a time. */
  readonly prefetch: number;
  /** For the subscription: STOMP headers of SUBSCRIBE; for AMQP `selector` and `no-local`. */
  readonly headers: readonly (readonly [string, string])[];
}

/** A connection over a client library that people use. */
export interface MessageClient {
  /** Resolves when the broker has confirmed the message, or when it has left at QoS 0. */
  send(destination: string, message: OutgoingMessage): Promise<void>;
  /**
   * Subscribes, and calls `take` with one message after another; each is settled when the promise
   * of `take` resolves to true, and left to the broker when it resolves to false.
   */
  receive(
    options: ReceiveOptions,
    take: (message: IncomingMessage) => Promise<boolean>,
  ): Promise<void>;
  /** Rejects when the connection ends without `close`. */
  readonly ended: Promise<never>;
  close(): Promise<void>;
}

export interface ClientSettings {
  /** The identity of a durable subscriber. */
  readonly clientId?: string | undefined;
  /** Keep the session when the client leaves. */
  readonly durable?: boolean | undefined;
  /** MQTT: 3, 4 or 5. */
  readonly protocolVersion?: number | undefined;
  /** MQTT 5: unsettled deliveries at a time. */
  readonly receiveMaximum?: number | undefined;
  readonly connectTimeoutMs: number;
}

/** What a producer tells the benchmark. */
export interface ProducerEvents {
  /** The broker confirmed so many more messages, in the order in which they were sent. */
  confirmed(count: number): void;
  /** The socket takes more again. */
  writable(): void;
  failed(error: Error): void;
}

/** A connection that sends. */
export interface BenchProducer {
  /** Whether the socket takes more for now. */
  readonly writable: boolean;
  /** Sends a message; the body may be changed after the call. */
  send(body: Buffer): void;
  /** Hands what was sent to the socket. */
  flush(): void;
  close(): Promise<void>;
}

export interface ConsumerEvents {
  /** The bytes are valid during the call only. */
  received(bytes: Buffer, start: number, end: number): void;
  failed(error: Error): void;
}

/** A connection that receives. */
export interface BenchConsumer {
  close(): Promise<void>;
}

export interface DriverSettings {
  readonly destination: string;
  readonly qos: 0 | 1 | 2;
  readonly ack: 'auto' | 'client' | 'client-individual';
  readonly prefetch: number;
  /** Consumers are sessions, or durable subscriptions, with these names. */
  readonly durable: boolean;
  readonly connectTimeoutMs: number;
}

/** One way to speak to a broker. */
export interface BenchDriver {
  readonly name: string;
  openProducer(name: string, events: ProducerEvents): Promise<BenchProducer>;
  openConsumer(name: string, events: ConsumerEvents): Promise<BenchConsumer>;
}

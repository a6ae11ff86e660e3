import type { BrokerError, ByteSink, CloseReason, Protocol, ProtocolEngine } from '@causeway/core';

export interface FakeProtocolOptions {
  readonly subprotocols?: readonly string[];
  /** What its connections begin with. */
  readonly start?: string;
  /** Whether the first chunk logs in. */
  readonly logsIn?: boolean;
  readonly onReceive?: (engine: FakeEngine, chunk: Buffer) => void;
  readonly onWritable?: (engine: FakeEngine) => void;
}

/** An engine that remembers what it was told. Unless told otherwise, it sends input back. */
export class FakeEngine implements ProtocolEngine {
  readonly protocol: string;
  readonly sink: ByteSink;
  readonly closedWith: CloseReason[] = [];
  readonly chunks: string[] = [];
  writables = 0;
  ticks = 0;
  readonly #options: FakeProtocolOptions;

  constructor(protocol: string, sink: ByteSink, options: FakeProtocolOptions) {
    this.protocol = protocol;
    this.sink = sink;
    this.#options = options;
  }

  get received(): string {
    return this.chunks.join('');
  }

  get open(): boolean {
    return this.closedWith.length === 0;
  }

  send(bytes: string | Buffer): void {
    const buffer = Buffer.from(bytes as string);
    this.sink.out.copy(buffer, 0, buffer.length);
    this.sink.flush();
  }

  receive(chunk: Buffer): void {
    if (this.#options.logsIn !== false) this.sink.authenticated();
    if (this.#options.onReceive !== undefined) {
      this.#options.onReceive(this, chunk);
    } else {
      this.chunks.push(chunk.toString('latin1'));
      this.send(chunk);
    }
    // Views end with the call: whoever kept one would notice.
    chunk.fill(0xff);
  }

  writable(): void {
    this.writables++;
    this.#options.onWritable?.(this);
  }

  tick(): void {
    this.ticks++;
  }

  closed(reason: CloseReason): void {
    this.closedWith.push(reason);
  }

  closeWith(error: BrokerError): void {
    this.send(`error ${error.code}\n`);
    this.sink.end();
  }
}

export interface FakeProtocol extends Protocol {
  /** Every engine that was opened, in order. */
  readonly engines: FakeEngine[];
}

export function fakeProtocol(name: string, options: FakeProtocolOptions = {}): FakeProtocol {
  const engines: FakeEngine[] = [];
  const start = options.start ?? name;
  return {
    name,
    engines,
    webSocketSubprotocols: options.subprotocols ?? [],
    sniff(head) {
      const text = head.toString('latin1');
      if (text.startsWith(start)) return 'yes';
      return start.startsWith(text) ? 'more' : 'no';
    },
    open(sink) {
      const engine = new FakeEngine(name, sink, options);
      engines.push(engine);
      return engine;
    },
  };
}

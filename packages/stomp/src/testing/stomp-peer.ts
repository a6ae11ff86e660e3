import { type Authenticator, type ByteSink, Message, type Principal } from '@causeway/core';
import { OutputBuffer } from '@causeway/wire';
import { createStompProtocol, type StompOptions } from '../index.js';
import { LENGTH_BYTES, writeLength } from '../stored-form.js';
import { FakeBroker } from './fake-broker.js';

/** A frame that the broker sent. */
export interface Received {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  /** All header lines as they were sent. */
  readonly lines: readonly string[];
  readonly body: string;
}

export class FakeSink implements ByteSink {
  readonly out = new OutputBuffer();
  congested = false;
  held = false;
  ended = false;
  pauses = 0;
  loggedIn = false;
  remoteAddress = '192.0.2.1';
  remotePort = 4321;
  localPort = 61613;
  secure = false;
  webSocketProtocol: string | null = null;
  certificatePrincipal: Principal | null = null;

  flush(): void {}
  pauseReading(): void {
    this.pauses++;
  }
  resumeReading(): void {
    this.pauses--;
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.ended = true;
  }
  authenticated(): void {
    this.loggedIn = true;
  }
}

export const PRINCIPAL: Principal = { name: 'shop', groups: new Set(['shops']) };

export class FakeAuthenticator implements Authenticator {
  anonymous = true;
  /** Takes `shop` / `secret`. */
  password(name: string, password: Buffer): Promise<Principal | null> {
    const right = name === PRINCIPAL.name && password.toString() === 'secret';
    return Promise.resolve(right ? PRINCIPAL : null);
  }
  certificate(): null {
    return null;
  }
  startScram(): never {
    throw new Error('STOMP has no SCRAM');
  }
}

/** A client over an engine: sends text, reads frames. */
export class StompPeer {
  readonly broker: FakeBroker;
  readonly sink = new FakeSink();
  readonly authenticator = new FakeAuthenticator();
  readonly options: Partial<StompOptions>;
  #engine: ReturnType<ReturnType<typeof createStompProtocol>['open']> | null = null;

  constructor(broker = new FakeBroker(), options: Partial<StompOptions> = {}) {
    this.broker = broker;
    this.options = options;
  }

  /** Made when first used, so that a test can change the sink before. */
  get engine() {
    const context = { broker: this.broker, authenticator: this.authenticator };
    this.#engine ??= createStompProtocol(this.options).open(this.sink, context);
    return this.#engine;
  }

  /** Sends text in which `^` stands for NUL. */
  send(text: string): this {
    return this.sendBytes(Buffer.from(text.replaceAll('^', '\0'), 'utf8'));
  }

  sendBytes(bytes: Buffer): this {
    const chunk = Buffer.from(bytes);
    this.engine.receive(chunk);
    // A chunk is valid during the call only.
    chunk.fill(0xee);
    return this;
  }

  /** Logs in with a version and reads the answer. */
  connect(version = '1.2', headers = ''): this {
    this.send(`CONNECT\naccept-version:${version}\nhost:localhost\n${headers}\n^`);
    this.frames();
    return this;
  }

  /** Everything sent since the last call, as text. */
  text(): string {
    return Buffer.concat(this.sink.out.take()).toString('utf8');
  }

  /** The frames sent since the last call; ends of line between them are dropped. */
  frames(): Received[] {
    return parseFrames(Buffer.concat(this.sink.out.take()));
  }

  /** The only frame sent since the last call. */
  frame(): Received {
    const frames = this.frames();
    if (frames.length !== 1) throw new Error(`${frames.length} frames: ${JSON.stringify(frames)}`);
    return frames[0]!;
  }
}

/** Takes frames apart; every one with a body must have a content-length. */
export function parseFrames(bytes: Buffer): Received[] {
  const frames: Received[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === 10) {
      at++;
      continue;
    }
    const headersEnd = bytes.indexOf('\n\n', at);
    const [command = '', ...lines] = bytes.toString('utf8', at, headersEnd).split('\n');
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon)] ??= line.slice(colon + 1);
    }
    const bodyEnd = headersEnd + 2 + Number(headers['content-length'] ?? 0);
    if (bytes[bodyEnd] !== 0) throw new Error(`no NUL after ${command}`);
    frames.push({ command, headers, lines, body: bytes.toString('utf8', headersEnd + 2, bodyEnd) });
    at = bodyEnd + 1;
  }
  return frames;
}

/** A stored message, as if a client had sent it. */
export function storedMessage(
  broker: FakeBroker,
  parts: { uri?: string; lines?: string; body?: string | Buffer; flags?: number; id?: number } = {},
): Message {
  const lines = Buffer.from(parts.lines ?? '', 'utf8');
  const length = Buffer.alloc(LENGTH_BYTES);
  writeLength(length, 0, lines.length);
  const bytes = Buffer.concat([length, lines, Buffer.from(parts.body ?? 'hello')]);
  const address = broker.addresses.parse(parts.uri ?? 'queue://orders');
  const message = new Message(address, 2, true, bytes, 0, bytes.length, false);
  message.id = parts.id ?? 77;
  message.timestamp = 1_700_000_000_000;
  message.formatFlags = parts.flags ?? 2;
  return message;
}

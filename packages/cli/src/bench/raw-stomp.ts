import type { Endpoint } from '../endpoint.js';
import { CommandError } from '../exit-code.js';
import type {
  BenchConsumer,
  BenchDriver,
  BenchProducer,
  ConsumerEvents,
  DriverSettings,
  ProducerEvents,
} from './bench-driver.js';
import { ConfirmBatch } from './confirm-batch.js';
import { type FrameReader, type LinkEvents, RawLink } from './raw-link.js';

const LINE_FEED = 10;
const COLON = 58;
const NUL = Buffer.alloc(1);
const DISCONNECT = Buffer.from('DISCONNECT\n\n\0');
const CONTENT_LENGTH = 'content-length:';
const ACK = 'ack:';

/** Frames cost little to build and parse here, so that the broker is what is measured. */
export function createRawStompDriver(endpoint: Endpoint, settings: DriverSettings): BenchDriver {
  return {
    name: 'raw STOMP 1.2',
    openProducer: (_name, events) => openProducer(endpoint, settings, events),
    openConsumer: (name, events) => openConsumer(endpoint, settings, name, events),
  };
}

/** A frame in the input: where its headers and its body are. */
export interface RawFrame {
  command: string;
  headersStart: number;
  headersEnd: number;
  bodyStart: number;
  bodyEnd: number;
}

type FrameHandler = (frame: RawFrame, bytes: Buffer) => void;

async function openProducer(
  endpoint: Endpoint,
  settings: DriverSettings,
  events: ProducerEvents,
): Promise<BenchProducer> {
  const link = await RawLink.open(endpoint, settings.connectTimeoutMs);
  const confirms = new ConfirmBatch(events);
  const handle: FrameHandler = (frame, bytes) => {
    if (frame.command !== 'RECEIPT') throw unexpected(frame, bytes);
    confirms.add(1);
  };
  await logIn(link, connectFrame(endpoint, null), handle, {
    chunkDone: () => confirms.tell(),
    drained: events.writable,
    failed: events.failed,
  });
  return new RawStompProducer(link, settings);
}

class RawStompProducer implements BenchProducer {
  readonly #link: RawLink;
  readonly #confirmed: boolean;
  readonly #head: string;
  #receipt = 0;

  constructor(link: RawLink, settings: DriverSettings) {
    this.#link = link;
    this.#confirmed = settings.qos > 0;
    this.#head = `SEND\ndestination:${settings.destination}\npersistent:${this.#confirmed}\n`;
  }

  get writable(): boolean {
    return this.#link.writable;
  }

  send(body: Buffer): void {
    const receipt = this.#confirmed ? `receipt:${++this.#receipt}\n` : '';
    const head = `${this.#head}${receipt}content-length:${body.length}\n\n`;
    const { buffer, at } = this.#link.reserve(head.length + body.length + 1);
    let position = at + buffer.write(head, at, 'latin1');
    position += body.copy(buffer, position);
    position += NUL.copy(buffer, position);
    this.#link.written(position - at);
  }

  flush(): void {
    this.#link.flush();
  }

  close(): Promise<void> {
    return this.#link.close(DISCONNECT);
  }
}

async function openConsumer(
  endpoint: Endpoint,
  settings: DriverSettings,
  name: string,
  events: ConsumerEvents,
): Promise<BenchConsumer> {
  const link = await RawLink.open(endpoint, settings.connectTimeoutMs);
  const { ack } = settings;
  let subscribed: () => void = () => {};
  const granted = new Promise<void>((resolve) => {
    subscribed = resolve;
  });
  let last: string | null = null;
  const handle: FrameHandler = (frame, bytes) => {
    if (frame.command === 'RECEIPT') return subscribed();
    if (frame.command !== 'MESSAGE') throw unexpected(frame, bytes);
    if (ack !== 'auto') {
      last = headerOf(bytes, frame, ACK);
      if (ack === 'client-individual') acknowledge(link, last);
    }
    events.received(bytes, frame.bodyStart, frame.bodyEnd);
  };
  const chunkDone = () => {
    // One frame settles all that came before it (STOMP 1.2, SUBSCRIBE ack Header).
    if (ack === 'client' && last !== null) acknowledge(link, last);
    last = null;
    link.flush();
  };
  const clientId = settings.durable ? name : null;
  await logIn(link, connectFrame(endpoint, clientId), handle, {
    chunkDone,
    drained: () => {},
    failed: events.failed,
  });
  const durable = settings.durable
    ? `durable-subscription-name:${name}\nactivemq.subscriptionName:${name}\n`
    : '';
  const { destination, prefetch } = settings;
  link.append(
    Buffer.from(
      `SUBSCRIBE\nid:0\ndestination:${destination}\nack:${ack}\nprefetch-count:${prefetch}\nactivemq.prefetchSize:${prefetch}\n${durable}receipt:s\n\n\0`,
    ),
  );
  link.flush();
  await granted;
  return { close: () => link.close(DISCONNECT) };
}

function acknowledge(link: RawLink, id: string | null): void {
  if (id === null) throw new CommandError('a message came without an ack header');
  const frame = `ACK\nid:${id}\n\n\0`;
  const { buffer, at } = link.reserve(frame.length);
  link.written(buffer.write(frame, at, 'latin1'));
}

/** Sends CONNECT, and from CONNECTED on hands every frame to `handle`. */
function logIn(
  link: RawLink,
  connect: Buffer,
  handle: FrameHandler,
  events: LinkEvents,
): Promise<void> {
  const reading = (done: () => void): FrameReader => {
    let current: FrameHandler = (frame, bytes) => {
      if (frame.command !== 'CONNECTED') throw unexpected(frame, bytes);
      current = handle;
      done();
    };
    return (input, end) => readFrames(input, end, (frame, bytes) => current(frame, bytes));
  };
  return link.logIn(connect, reading, events);
}

function connectFrame({ host, user, password }: Endpoint, clientId: string | null): Buffer {
  const login = user === null ? '' : `login:${plain(user)}\n`;
  const passcode = password === null ? '' : `passcode:${plain(password)}\n`;
  const id = clientId === null ? '' : `client-id:${clientId}\n`;
  const headers = `accept-version:1.2\nhost:${host}\nheart-beat:0,0\n${login}${passcode}${id}`;
  return Buffer.from(`CONNECT\n${headers}\n\0`);
}

/** CONNECT alone is not escaped (STOMP 1.2, Value Encoding), so some names cannot be sent. */
function plain(value: string): string {
  if (/[\r\n\0]/.test(value)) throw new CommandError('a name or password has a line break');
  return value;
}

/** Calls `handle` for each whole frame; returns the bytes that they took. */
export function readFrames(bytes: Buffer, end: number, handle: FrameHandler): number {
  const frame: RawFrame = { command: '', headersStart: 0, headersEnd: 0, bodyStart: 0, bodyEnd: 0 };
  let start = 0;
  for (;;) {
    while (start < end && bytes[start] === LINE_FEED) start++;
    const headersEnd = endOfHeaders(bytes, start, end);
    if (headersEnd < 0) return start;
    const commandEnd = bytes.indexOf(LINE_FEED, start);
    frame.command = bytes.toString('latin1', start, commandEnd);
    frame.headersStart = commandEnd + 1;
    frame.headersEnd = headersEnd;
    frame.bodyStart = headersEnd + 2;
    const length = headerOf(bytes, frame, CONTENT_LENGTH);
    frame.bodyEnd =
      length === null ? bytes.indexOf(0, frame.bodyStart) : frame.bodyStart + Number(length);
    if (frame.bodyEnd < 0 || frame.bodyEnd >= end) return start;
    handle(frame, bytes);
    start = frame.bodyEnd + 1;
  }
}

/** The place of the line feed before the empty line; -1 when it has not come. */
function endOfHeaders(bytes: Buffer, start: number, end: number): number {
  let at = bytes.indexOf(LINE_FEED, start);
  while (at >= 0 && at + 1 < end) {
    if (bytes[at + 1] === LINE_FEED) return at;
    at = bytes.indexOf(LINE_FEED, at + 1);
  }
  return -1;
}

/** The value of the first header with the name, which is given with its colon. */
export function headerOf(bytes: Buffer, frame: RawFrame, name: string): string | null {
  let line = frame.headersStart;
  while (line < frame.headersEnd) {
    const stop = bytes.indexOf(LINE_FEED, line);
    const colon = line + name.length - 1;
    if (bytes[colon] === COLON && bytes.toString('latin1', line, colon + 1) === name) {
      return bytes.toString('latin1', colon + 1, stop);
    }
    line = stop + 1;
  }
  return null;
}

function unexpected(frame: RawFrame, bytes: Buffer): CommandError {
  const message = headerOf(bytes, frame, 'message:');
  if (frame.command === 'ERROR') return new CommandError(`the broker says: ${message ?? 'ERROR'}`);
  return new CommandError(`the frame ${frame.command.slice(0, 20)} was not expected`);
}

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

/** First bytes of packets (MQTT 3.1.1, 2.2). */
const CONNACK = 0x20;
const PUBLISH = 0x30;
const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBREL = 0x62;
const PUBCOMP = 0x70;
const SUBACK = 0x90;
const DISCONNECT = Buffer.from([0xe0, 0]);

/** Packets cost nothing to build and parse here, so that the broker is what is measured. */
export function createRawMqttDriver(endpoint: Endpoint, settings: DriverSettings): BenchDriver {
  return {
    name: 'raw MQTT 3.1.1',
    openProducer: (name, events) => openProducer(endpoint, settings, name, events),
    openConsumer: (name, events) => openConsumer(endpoint, settings, name, events),
  };
}

type PacketHandler = (first: number, bytes: Buffer, start: number, end: number) => void;

async function openProducer(
  endpoint: Endpoint,
  settings: DriverSettings,
  name: string,
  events: ProducerEvents,
): Promise<BenchProducer> {
  const link = await RawLink.open(endpoint, settings.connectTimeoutMs);
  const confirms = new ConfirmBatch(events);
  const handle: PacketHandler = (first, bytes, start) => {
    if (first === PUBACK || first === PUBCOMP) confirms.add(1);
    else if (first === PUBREC) acknowledge(link, PUBREL, bytes, start);
    else throw new CommandError(`packet type ${first >> 4} was not expected`);
  };
  await logIn(link, connectPacket(endpoint, name, true), handle, {
    chunkDone: () => {
      link.flush();
      confirms.tell();
    },
    drained: events.writable,
    failed: events.failed,
  });
  return new RawMqttProducer(link, settings);
}

class RawMqttProducer implements BenchProducer {
  readonly #link: RawLink;
  readonly #qos: number;
  readonly #topic: Buffer;
  #packetId = 0;

  constructor(link: RawLink, settings: DriverSettings) {
    this.#link = link;
    this.#qos = settings.qos;
    this.#topic = text(settings.destination);
  }

  get writable(): boolean {
    return this.#link.writable;
  }

  send(body: Buffer): void {
    const remaining = this.#topic.length + (this.#qos > 0 ? 2 : 0) + body.length;
    const { buffer, at } = this.#link.reserve(remaining + 5);
    buffer[at] = PUBLISH | (this.#qos << 1);
    let position = writeLength(buffer, at + 1, remaining);
    position += this.#topic.copy(buffer, position);
    if (this.#qos > 0) {
      this.#packetId = (this.#packetId % 65_535) + 1;
      position = buffer.writeUInt16BE(this.#packetId, position);
    }
    position += body.copy(buffer, position);
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
  let subscribed: (granted: number) => void = () => {};
  const granted = new Promise<number>((resolve) => {
    subscribed = resolve;
  });
  const handle: PacketHandler = (first, bytes, start, end) => {
    if ((first & 0xf0) === PUBLISH) receive(link, events, first, bytes, start, end);
    else if (first === PUBREL) acknowledge(link, PUBCOMP, bytes, start);
    else if (first === SUBACK) subscribed(bytes[start + 2]!);
    else throw new CommandError(`packet type ${first >> 4} was not expected`);
  };
  await logIn(link, connectPacket(endpoint, name, !settings.durable), handle, {
    chunkDone: () => link.flush(),
    drained: () => {},
    failed: events.failed,
  });
  const filter = Buffer.concat([text(settings.destination), Buffer.from([settings.qos])]);
  link.append(packet(0x82, Buffer.concat([Buffer.from([0, 1]), filter])));
  link.flush();
  if ((await granted) >= 0x80) throw new CommandError('the subscription was refused');
  return { close: () => link.close(DISCONNECT) };
}

function receive(
  link: RawLink,
  events: ConsumerEvents,
  first: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const qos = (first >> 1) & 3;
  let body = start + 2 + bytes.readUInt16BE(start);
  if (qos > 0) {
    acknowledge(link, qos === 1 ? PUBACK : PUBREC, bytes, body);
    body += 2;
  }
  events.received(bytes, body, end);
}

/** Writes a packet of two bytes: the id at `idAt`. */
function acknowledge(link: RawLink, first: number, bytes: Buffer, idAt: number): void {
  const { buffer, at } = link.reserve(4);
  buffer[at] = first;
  buffer[at + 1] = 2;
  buffer[at + 2] = bytes[idAt]!;
  buffer[at + 3] = bytes[idAt + 1]!;
  link.written(4);
}

/** Sends CONNECT, and from CONNACK on hands every packet to `handle`. */
function logIn(
  link: RawLink,
  connect: Buffer,
  handle: PacketHandler,
  events: LinkEvents,
): Promise<void> {
  const reading = (done: () => void): FrameReader => {
    let current: PacketHandler = (first, bytes, start) => {
      if (first !== CONNACK) throw new CommandError('this is not an MQTT broker');
      const code = bytes[start + 1]!;
      if (code !== 0) throw new CommandError(`the login was refused: return code ${code}`);
      current = handle;
      done();
    };
    return (input, inputEnd) =>
      readPackets(input, inputEnd, (first, bytes, start, end) => current(first, bytes, start, end));
  };
  return link.logIn(connect, reading, events);
}

/** Calls `handle` for each whole packet; returns the bytes that they took. */
export function readPackets(bytes: Buffer, end: number, handle: PacketHandler): number {
  let start = 0;
  for (;;) {
    let position = start + 1;
    let length = 0;
    let shift = 0;
    for (;;) {
      if (position >= end) return start;
      const byte = bytes[position++]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
      if (shift > 21) throw new CommandError('a packet has a length of five bytes');
    }
    if (position + length > end) return start;
    handle(bytes[start]!, bytes, position, position + length);
    start = position + length;
  }
}

function connectPacket(endpoint: Endpoint, clientId: string, clean: boolean): Buffer {
  const { user, password } = endpoint;
  const flags = (clean ? 2 : 0) | (user === null ? 0 : 0x80) | (password === null ? 0 : 0x40);
  const parts = [text('MQTT'), Buffer.from([4, flags, 0, 0]), text(clientId)];
  if (user !== null) parts.push(text(user));
  if (password !== null) parts.push(text(password));
  return packet(0x10, Buffer.concat(parts));
}

function packet(first: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head[0] = first;
  return Buffer.concat([head.subarray(0, writeLength(head, 1, body.length)), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** Writes a remaining length; returns the position after it. */
function writeLength(buffer: Buffer, at: number, length: number): number {
  let position = at;
  let rest = length;
  for (; rest > 127; rest = Math.floor(rest / 128)) buffer[position++] = (rest & 0x7f) | 0x80;
  buffer[position++] = rest;
  return position;
}

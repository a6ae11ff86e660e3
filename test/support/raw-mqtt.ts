import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import {
  type ConnectOptions,
  MqttBuilder,
  type MqttLevel,
  PINGREQ,
  PINGRESP,
  type PublishOptions,
} from './raw-mqtt-builder.js';
import { decodePacket, type Packet, type PacketType } from './raw-mqtt-decoder.js';
import type { Property, PropertyName } from './raw-mqtt-properties.js';

/** Bound of every wait: how long a broken server can hold a test up. Nothing sleeps for it. */
const WAIT_MS = 8000;

type Expected = Partial<Omit<Packet, 'type' | 'bytes'>>;

/**
 * An MQTT connection that sends exactly the bytes it is given and takes every packet apart. It
 * keeps no rules of the protocol: whatever a client must not do, it does when told to.
 */
export class RawMqtt {
  readonly builder: MqttBuilder;
  readonly #stream: Duplex;
  readonly #packets: Packet[] = [];
  #input: Buffer = Buffer.alloc(0);
  #broken: Error | null = null;
  #closed = false;
  #changed: () => void = () => {};

  /** @param stream an open socket, or a WebSocket as a stream */
  constructor(stream: Duplex, level: MqttLevel = 5) {
    this.#stream = stream;
    this.builder = new MqttBuilder(level);
    stream.on('data', (chunk: Buffer) => this.#received(chunk));
    // A server that closes while we still send makes the kernel reset the connection: also closed.
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#closed = true;
      this.#changed();
    });
    stream.on('end', () => stream.end());
  }

  /** Opens a TCP connection; no packet is sent. */
  static async open(port: number, level: MqttLevel = 5): Promise<RawMqtt> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawMqtt(socket, level);
  }

  send(...packets: readonly Buffer[]): this {
    this.#stream.write(Buffer.concat(packets));
    return this;
  }

  publish(options: PublishOptions): this {
    return this.send(this.builder.publish(options));
  }

  /** Publishes at QoS 1 and waits until the server has taken it. */
  async deliver(options: PublishOptions): Promise<Packet> {
    this.publish({ qos: 1, id: 1, ...options });
    return this.expect('puback', { id: options.id ?? 1 });
  }

  /** Sends CONNECT and expects success. */
  async login(options: ConnectOptions = {}): Promise<Packet> {
    this.send(this.builder.connect(options));
    return this.expect('connack', { reason: 0 });
  }

  /**
   * Subscribes to one filter and expects the requested QoS to be granted. Messages may come before
   * the SUBACK (section 3.8.4); they are kept for the test.
   */
  async subscribe(
    filter: string,
    options = 0,
    entries?: readonly Property[],
    id = 1,
  ): Promise<Packet> {
    this.send(this.builder.subscribe(id, [[filter, options]], entries));
    const early: Packet[] = [];
    let packet = await this.next();
    while (packet.type === 'publish') {
      early.push(packet);
      packet = await this.next();
    }
    this.#packets.unshift(...early);
    expect(packet).toMatchObject({ type: 'suback', id, reasons: [options & 3] });
    return packet;
  }

  /** The next packet, whatever it is. */
  async next(): Promise<Packet> {
    await this.#until(() => this.#packets.length > 0 || this.#closed || this.#broken !== null);
    const packet = this.#packets.shift();
    if (packet !== undefined) return packet;
    throw this.#broken ?? new Error('the server closed the connection');
  }

  /** The next packet must be of this type, with these fields. */
  async expect(type: PacketType, fields: Expected = {}): Promise<Packet> {
    const packet = await this.next();
    expect(packet).toMatchObject({ type, ...fields });
    return packet;
  }

  /** The next packet must be exactly these bytes. */
  async expectBytes(bytes: Buffer): Promise<void> {
    const packet = await this.next();
    expect(packet.bytes.toString('hex')).toBe(bytes.toString('hex'));
  }

  /** Takes as many packets as `count`, whatever they are. */
  async take(count: number): Promise<Packet[]> {
    const packets: Packet[] = [];
    while (packets.length < count) packets.push(await this.next());
    return packets;
  }

  /**
   * The server has sent nothing up to now: the answer to a ping is the next packet, since a server
   * answers in order. It also waits until the server has worked off what was sent before.
   */
  async expectSilence(): Promise<void> {
    this.send(PINGREQ);
    await this.expectBytes(PINGRESP);
  }

  /** The next packet, or null when the server closes instead. */
  async nextOrClosed(): Promise<Packet | null> {
    await this.#until(() => this.#packets.length > 0 || this.#closed || this.#broken !== null);
    return this.#packets.length === 0 && this.#broken === null ? null : this.next();
  }

  /** The server closes the connection without another packet. */
  async expectClosed(): Promise<void> {
    const packet = await this.nextOrClosed();
    expect(packet, 'no packet before the end').toBeNull();
    expect(this.#input.length, 'no part of a packet before the end').toBe(0);
  }

  /** The server sends DISCONNECT with one of these reason codes, then closes. */
  async expectDisconnect(...reasons: readonly number[]): Promise<Packet> {
    const packet = await this.expect('disconnect');
    expect(reasons).toContain(packet.reason);
    await this.expectClosed();
    return packet;
  }

  /** The server refuses CONNECT with this code, then closes. */
  async expectRefused(reason: number): Promise<Packet> {
    const packet = await this.expect('connack', { acknowledgeFlags: 0, reason });
    await this.expectClosed();
    return packet;
  }

  /**
   * The server closes the connection. It may say why in a CONNACK before, with one of these codes:
   * the specification leaves that open.
   */
  async expectTurnedAway(...reasons: readonly number[]): Promise<void> {
    const packet = await this.nextOrClosed();
    if (packet === null) return;
    expect(packet).toMatchObject({ type: 'connack', acknowledgeFlags: 0 });
    expect(reasons).toContain(packet.reason);
    await this.expectClosed();
  }

  /** Closes without a word, and waits until the server has closed its side too. */
  async drop(): Promise<void> {
    this.#stream.destroy();
    await this.#until(() => this.#closed);
  }

  /** Says DISCONNECT and waits for the server to close. */
  async leave(reason?: number, entries?: readonly Property[]): Promise<void> {
    this.send(this.builder.disconnect(reason, entries));
    await this.#until(() => this.#closed);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #received(chunk: Buffer): void {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    try {
      let packet = decodePacket(this.#input, this.builder.level);
      while (packet !== null) {
        this.#packets.push(packet);
        this.#input = this.#input.subarray(packet.bytes.length);
        packet = decodePacket(this.#input, this.builder.level);
      }
    } catch (error) {
      this.#broken = new Error(`undecodable: ${this.#input.toString('hex', 0, 64)}`, {
        cause: error,
      });
    }
    this.#changed();
  }

  async #until(done: () => boolean): Promise<void> {
    if (done()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#changed = () => {};
        reject(new Error(`nothing came within ${WAIT_MS} ms`));
      }, WAIT_MS);
      this.#changed = () => {
        if (!done()) return;
        clearTimeout(timer);
        this.#changed = () => {};
        resolve();
      };
    });
  }
}

/** The values of a property, in order. */
export function valuesOf(packet: Packet, name: PropertyName): unknown[] {
  return packet.properties.filter(([found]) => found === name).map(([, value]) => value);
}

/** The value of a property that occurs once at most. */
export function singleOf(packet: Packet, name: PropertyName): unknown {
  const values = valuesOf(packet, name);
  expect(values.length, `${name} occurs once at most`).toBeLessThanOrEqual(1);
  return values[0];
}

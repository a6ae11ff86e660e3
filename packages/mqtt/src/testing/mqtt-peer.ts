import type {
  Authenticator,
  BrokerApi,
  ByteSink,
  CloseReason,
  Principal,
  ProtocolEngine,
} from '@causeway/core';
import { OutputBuffer } from '@causeway/wire';
import { type Packet, parser } from 'mqtt-packet';
import { mqttProtocol } from '../index.js';
import { type ConnectBytes, connect } from './bytes.js';

/** A broker whose turns belong to the test. */
export interface Turns {
  readonly broker: BrokerApi;
  run(): void;
}

/** Everybody may come in, under the name that they say. */
export const OPEN_DOOR: Authenticator = {
  anonymous: true,
  password: (name) => Promise.resolve({ name, groups: new Set<string>() }),
  certificate: () => null,
  startScram: () => {
    throw new Error('nobody here has SCRAM keys');
  },
};

/** A connection of which the test decides everything. */
export class FakeSink implements ByteSink {
  readonly out = new OutputBuffer();
  congested = false;
  held = false;
  /** How often reading was paused and not resumed. */
  pauses = 0;
  ended = false;
  loggedIn = false;
  readonly remoteAddress = '192.0.2.1';
  readonly remotePort = 40_000;
  readonly localPort = 1883;
  readonly secure = false;
  readonly webSocketProtocol = null;
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

/** A client, as the broker sees it: it sends bytes, and reads packets with another library. */
export class MqttPeer {
  readonly sink = new FakeSink();
  readonly engine: ProtocolEngine;
  readonly #turns: Turns;
  #version: 3 | 4 | 5 = 5;

  constructor(turns: Turns, authenticator: Authenticator = OPEN_DOOR) {
    this.#turns = turns;
    this.engine = mqttProtocol.open(this.sink, { broker: turns.broker, authenticator });
  }

  /** Sends bytes in one chunk, without running a turn. */
  push(...packets: Buffer[]): this {
    const chunk = Buffer.concat(packets);
    this.engine.receive(chunk);
    // A chunk is valid during the call only.
    chunk.fill(0xee);
    return this;
  }

  /** Sends bytes in one chunk and lets the broker come to rest. */
  send(...packets: Buffer[]): this {
    this.push(...packets);
    this.#turns.run();
    return this;
  }

  /** Logs in and reads the answer. */
  login(options: ConnectBytes = {}): Packet {
    this.#version = options.version ?? 5;
    this.send(connect(options));
    const [connack, ...rest] = this.packets();
    this.#unread.unshift(...rest);
    return connack!;
  }

  readonly #unread: Packet[] = [];

  /** What was sent to the client since the last call. */
  packets(): Packet[] {
    const packets = this.#unread.splice(0);
    const reader = parser({ protocolVersion: this.#version });
    reader.on('packet', (packet) => packets.push(packet));
    reader.on('error', (error) => {
      throw error;
    });
    reader.parse(this.bytes());
    return packets;
  }

  /** The same, as names of packets with their identifiers: `puback 1`. */
  summary(): string[] {
    return this.packets().map(({ cmd, messageId, ...fields }) => {
      const { qos, dup, retain } = fields as { qos?: number; dup?: boolean; retain?: boolean };
      const parts: (string | number | undefined)[] = [cmd];
      if (cmd === 'publish') {
        const { topic, payload } = fields as unknown as { topic: string; payload: Buffer };
        parts.push(topic, payload.toString(), `qos${qos}`);
      }
      parts.push(messageId, dup ? 'dup' : undefined, retain ? 'retain' : undefined);
      const { reasonCode } = fields as { reasonCode?: number };
      if (reasonCode) parts.push(`0x${reasonCode.toString(16)}`);
      return parts.filter((part) => part !== undefined).join(' ');
    });
  }

  /** What was sent to the client since the last call, as bytes. */
  bytes(): Buffer {
    return Buffer.concat(this.sink.out.take());
  }

  /** The network connection breaks. */
  drop(reason: CloseReason = 'reset'): void {
    this.engine.closed(reason);
    this.#turns.run();
  }
}

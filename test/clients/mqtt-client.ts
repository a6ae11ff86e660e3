import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { Inbox } from './inbox.js';

/** A client of the `mqtt` package, and what it received from its first byte on. */
export class MqttPeer {
  readonly client: MqttClient;
  readonly inbox = new Inbox<IPublishPacket>();

  constructor(url: string, options: IClientOptions) {
    this.client = mqtt.connect(url, { reconnectPeriod: 0, ...options });
    this.client.on('message', (_topic, _payload, packet) => this.inbox.add(packet));
  }

  /**
   * Connects, and resolves when the broker has let the client in. The listener is there before:
   * what a session kept comes right after CONNACK.
   */
  static async open(url: string, options: IClientOptions = {}): Promise<MqttPeer> {
    const peer = new MqttPeer(url, options);
    const { client } = peer;
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('the broker closed the connection')));
    });
    return peer;
  }

  /** Leaves with DISCONNECT. */
  async close(): Promise<void> {
    await this.client.endAsync(true);
  }

  /** Breaks the connection without a word. */
  async drop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.client.once('close', () => resolve()));
    this.client.stream.destroy();
    await closed;
    await this.client.endAsync(true);
  }
}

/** The payload of a packet, as bytes. */
export function payloadOf(packet: IPublishPacket): Buffer {
  return Buffer.from(packet.payload);
}

export function textsOf(packets: readonly IPublishPacket[]): string[] {
  return packets.map((packet) => payloadOf(packet).toString());
}

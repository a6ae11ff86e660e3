import mqtt, { type MqttClient } from 'mqtt';
import { Account } from './account.js';

const IN_FLIGHT = 40;

/** An MQTT producer and a subscriber with a session, both reconnecting, at full rate. */
export class MqttPair {
  readonly account: Account;
  readonly #qos: 1 | 2;
  readonly #topic: string;
  readonly #producer: MqttClient;
  readonly #subscriber: MqttClient;
  #sent = 0;
  #inFlight = 0;
  #stopped = false;

  private constructor(port: number, qos: 1 | 2) {
    this.#qos = qos;
    this.#topic = `crash/qos${qos}`;
    this.account = new Account(`MQTT QoS ${qos}`);
    this.#producer = connect(port, `producer-${qos}`);
    this.#subscriber = connect(port, `subscriber-${qos}`);
  }

  static async start(port: number, qos: 1 | 2): Promise<MqttPair> {
    const pair = new MqttPair(port, qos);
    pair.#subscriber.on('message', (_topic, payload) => {
      pair.account.received(Number(payload.toString()));
    });
    await pair.#subscriber.subscribeAsync(pair.#topic, { qos });
    pair.#producer.on('connect', () => pair.#pump());
    pair.#pump();
    return pair;
  }

  /** Stops producing, waits until all is confirmed and received, and disconnects. */
  async finish(): Promise<void> {
    this.#stopped = true;
    await this.account.settled(() => this.#inFlight === 0);
    await this.#producer.endAsync();
    await this.#subscriber.endAsync();
  }

  #pump(): void {
    while (!this.#stopped && this.#inFlight < IN_FLIGHT) {
      const number = this.#sent++;
      this.#inFlight++;
      this.#producer.publish(this.#topic, String(number), { qos: this.#qos }, (error) => {
        this.#inFlight--;
        // The client gives up what it resends while the connection breaks again: that one may be
        // stored or not. It goes on with the next connection.
        if (error !== undefined && error !== null) return;
        this.account.confirmed(number);
        this.#pump();
      });
    }
  }
}

function connect(port: number, clientId: string): MqttClient {
  const client = mqtt.connect({
    host: '127.0.0.1',
    port,
    clientId,
    username: 'admin',
    password: 'admin',
    clean: false,
    reconnectPeriod: 20,
    connectTimeout: 5000,
  });
  // The broker is killed all the time: that is the test.
  client.on('error', () => {});
  return client;
}

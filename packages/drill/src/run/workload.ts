import type { Ledger } from '../ledger/ledger.js';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import type { Lane, Plan } from '../plan/plan.js';
import type { DrillTarget } from '../target/target.js';
import { DEAD_LETTERS } from '../verdict/no-loss.js';
import type { ClientSettings, Consumer, Producer } from '../workload/client-settings.js';
import { destinationOf, openConsumer, openProducer, protocolOf } from '../workload/open-clients.js';
import { readRetained } from '../workload/read-retained.js';
import { openStompConsumer } from '../workload/stomp-consumer.js';
import { pace } from './pace.js';

/** All clients of a plan. */
export class Workload {
  readonly #plan: Plan;
  readonly #target: DrillTarget;
  readonly #ledger: Ledger;
  readonly #random: () => number;
  readonly #producers: Producer[] = [];
  readonly #consumers: Consumer[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #retained: Lane[] = [];

  /** @param random numbers from 0 up to 1, for the pauses before clients reconnect */
  constructor(plan: Plan, target: DrillTarget, ledger: Ledger, random: () => number) {
    this.#plan = plan;
    this.#target = target;
    this.#ledger = ledger;
    this.#random = random;
  }

  get consumersConnected(): boolean {
    return this.#consumers.every(({ connected }) => connected);
  }

  get unconfirmed(): number {
    return this.#producers.reduce((sum, producer) => sum + producer.unconfirmed, 0);
  }

  openConsumers(): void {
    for (const lane of this.#plan.workload) {
      if (lane.pattern === 'retained') continue;
      for (let count = 1; count <= lane.consumers; count++) {
        const name = `${lane.name}.c${count}`;
        const mqtt = protocolOf(lane.client) === 'mqtt';
        const destination = destinationOf(lane);
        this.#announce(lane, name, {
          ...{ role: 'consumer', session: mqtt },
          subscription: mqtt ? name : destination,
        });
        this.#consumers.push(openConsumer(this.#settings(lane, name, destination)));
      }
    }
  }

  openProducers(): void {
    for (const lane of this.#plan.workload) {
      for (let count = 1; count <= lane.producers; count++) {
        const name = `${lane.name}.p${count}`;
        const own = lane.pattern === 'retained' ? `-${count}` : '';
        const destination = `${destinationOf(lane)}${own}`;
        this.#announce(lane, name, { role: 'producer', session: false }, destination);
        const producer = openProducer(this.#settings(lane, name, destination));
        this.#producers.push(producer);
        this.#stops.push(pace(lane.rate / lane.producers, (sequence) => producer.send(sequence)));
      }
      if (lane.pattern === 'retained') this.#retained.push(lane);
    }
  }

  /** Nothing more is sent, but what is not confirmed yet is sent anew. */
  stopSending(): void {
    for (const stop of this.#stops) stop();
  }

  /** Reads what topics retain. */
  async readState(): Promise<void> {
    for (const lane of this.#retained) {
      for (let count = 1; count <= lane.producers; count++) {
        const name = `${lane.name}.r${count}`;
        const destination = `${destinationOf(lane)}-${count}`;
        this.#announce(lane, name, { role: 'consumer', session: false }, destination);
        await readRetained(this.#settings(lane, name, destination));
      }
    }
  }

  /** Receives what the broker gave up on, until the workload is closed. */
  openDeadLetters(): void {
    const lane: Lane = {
      ...{ name: 'dead-letters', client: 'stomp', pattern: 'messages', qos: 1, producers: 0 },
      ...{ consumers: 1, rate: 1, size: 0 },
    };
    const name = 'dead-letters.c1';
    const entry = { role: 'consumer', session: false, subscription: DEAD_LETTERS } as const;
    this.#announce(lane, name, entry, '');
    this.#consumers.push(openStompConsumer(this.#settings(lane, name, this.#target.deadLetters)));
  }

  async close(): Promise<void> {
    this.stopSending();
    const clients = [...this.#producers, ...this.#consumers];
    await Promise.all(clients.map((client) => client.close()));
  }

  #announce(
    { name: lane, client: library }: Lane,
    client: string,
    entry: Pick<LedgerEntry & { kind: 'client' }, 'role' | 'session' | 'subscription'>,
    destination = destinationOf({ name: lane, client: library } as Lane),
  ): void {
    this.#ledger.record({ kind: 'client', client, lane, library, destination, ...entry });
  }

  #settings(lane: Lane, name: string, destination: string): ClientSettings {
    const target = this.#target;
    return {
      ...{ name, lane, destination, ledger: this.#ledger, random: this.#random },
      addresses: target.addresses(protocolOf(lane.client)),
      ...{ user: target.user, password: target.password, mqttVersion: target.mqttVersion },
      heartBeatMs: this.#plan.heartBeat,
      epoch: () => target.epoch(),
    };
  }
}

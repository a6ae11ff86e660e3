import { amqpFormat, createAmqpProtocol } from '@causeway/amqp';
import type { Protocol } from '@causeway/core';
import { mqttFormat, mqttProtocol } from '@causeway/mqtt';
import { stompFormat, stompProtocol } from '@causeway/stomp';
import { expect } from 'vitest';
import type { SeededRandom } from '../../support/seeded-random.js';
import { createTestBroker, type TestBroker } from '../../support/test-broker.js';
import { Canary } from './canary.js';
import { HostileConnection } from './hostile-connection.js';
import { DeadlineWatch, PendingWatch } from './watch.js';

/** So small that hostile clients reach them. */
export const FUZZ_LIMITS = {
  handshakeBytesMax: 512,
  frameBytesMax: 4096,
  headersMax: 12,
  headerBytesMax: 1024,
  nameBytesMax: 200,
  nameLevelsMax: 12,
  subscriptionsPerConnectionMax: 6,
  queuesMax: 40,
  retainedMessagesMax: 5,
  retainedBytesMax: 4000,
  deliveriesInFlightMax: 4,
  receiveMaximum: 6,
  topicAliasMax: 3,
  queueWindowMessages: 4,
  transientMessagesMax: 20,
  transactionOperationsMax: 5,
  transactionBytesMax: 2000,
  transactionsPerConnectionMax: 2,
  temporaryQueuesPerConnectionMax: 2,
  connectionsPerUserMax: 10,
  transferFrameBytesMax: 2048,
  partialMessageBytesMax: 6000,
  sessionsPerConnectionMax: 3,
  linksPerSessionMax: 6,
  linksSuspendedMax: 4,
  sessionWindowFrames: 40,
  linkCredit: 8,
  prefetchMax: 20,
} as const;

const MONTH_MS = 31 * 24 * 3600 * 1000;
/** Far more than a case takes, far less than one that never comes to an end. */
const CASE_MS_MAX = 20_000;

const pending = new PendingWatch();
const deadlines = new DeadlineWatch();
pending.start();
deadlines.start();

/** A broker, a well-behaved client of each protocol, and whoever the test lets in beside them. */
export class FuzzWorld {
  readonly turns: TestBroker;
  readonly connections: HostileConnection[] = [];
  /** Of this world alone: what one of them remembers between connections is not shared. */
  readonly protocols: Record<ProtocolName, Protocol> = {
    ...PROTOCOLS,
    amqp: createAmqpProtocol(),
  };
  readonly #canaries: Canary[];
  readonly #random: SeededRandom;
  readonly #startedMs = performance.now();

  private constructor(turns: TestBroker, random: SeededRandom) {
    this.turns = turns;
    this.#random = random;
    this.#canaries = PROTOCOL_NAMES.map((name) => new Canary(turns, name, this.protocols[name]));
  }

  static async open(random: SeededRandom): Promise<FuzzWorld> {
    deadlines.forget();
    pending.forget();
    const turns = await createTestBroker({ seed: random.below(2 ** 31), limits: FUZZ_LIMITS });
    turns.broker.formats.register(mqttFormat);
    turns.broker.formats.register(stompFormat);
    turns.broker.formats.register(amqpFormat);
    return new FuzzWorld(turns, random);
  }

  connect(name: ProtocolName): HostileConnection {
    const connection = new HostileConnection(this.turns.broker, this.protocols[name]);
    this.connections.push(connection);
    return connection;
  }

  /** Sends chunks, with turns, congestion and time between them, until the broker has enough. */
  async feed(connection: HostileConnection, chunks: readonly Buffer[]): Promise<void> {
    const random = this.#random;
    const { sink } = connection;
    // A turn after each byte would take most of the time and find little.
    const lazy = chunks.length > 300 || random.chance(0.3);
    for (const chunk of chunks) {
      if (sink.ended) break;
      this.#send(connection, chunk);
      if (!lazy || random.chance(0.05)) this.turns.run();
      // A password is looked at: the transport would not read now.
      if (sink.pauses > 0) await settle();
      if (random.chance(0.02)) this.#congest(connection);
      if (random.chance(0.01)) this.turns.advance(random.below(5000));
    }
    sink.congested = false;
    connection.engine.writable();
    await settle();
    this.turns.run();
    connection.collect();
  }

  /** Other clients do not notice. */
  checkOthers(): void {
    for (const canary of this.#canaries) canary.sing();
  }

  /** Everybody leaves; a month later nothing of them is left but what is meant to stay. */
  finish(): void {
    const { turns } = this;
    for (const connection of this.connections) connection.close('reset');
    for (const canary of this.#canaries) canary.leave();
    turns.run();
    // What ends then may leave a commit to be sealed a little later.
    for (const milliseconds of [MONTH_MS, 100, 100]) turns.advance(milliseconds);
    const { broker } = turns;
    expect(broker.connections.size, 'connections').toBe(0);
    expect(broker.sessionCount, 'sessions').toBe(0);
    const kinds = [...broker.queues.values()]
      .filter(({ kind, durable }) => kind !== 'queue' && !(kind === 'subscription' && durable))
      .map(({ kind, name }) => `${kind} ${name}`);
    expect(kinds, 'queues that only clients need').toEqual([]);
    const held = [...broker.queues.values()].filter(({ consumers }) => consumers.length > 0);
    expect(held, 'consumers').toEqual([]);
    // The sweep of expired messages comes for ever.
    expect(deadlines.open, 'deadlines').toBeLessThanOrEqual(1);
    expect(performance.now() - this.#startedMs, 'time').toBeLessThan(CASE_MS_MAX);
  }

  #send(connection: HostileConnection, chunk: Buffer): void {
    const { metrics } = this.turns.broker;
    const errorsBefore = metrics.protocolErrors;
    pending.forget();
    connection.send(chunk);
    const { handshakeBytesMax, frameBytesMax } = FUZZ_LIMITS;
    const limit = connection.sink.loggedIn ? frameBytesMax : handshakeBytesMax;
    expect(pending.most, 'bytes kept for a frame').toBeLessThanOrEqual(limit + chunk.length);
    if (metrics.protocolErrors === errorsBefore) return;
    // Confirms that were promised may still leave first.
    this.turns.run();
    // In AMQP an error may end less than all.
    if (connection.protocol.name === 'amqp') return;
    expect(connection.sink.ended, 'closed after a protocol error').toBe(true);
  }

  #congest(connection: HostileConnection): void {
    connection.sink.congested = !connection.sink.congested;
    if (!connection.sink.congested) connection.engine.writable();
  }
}

/** Lets promises of the authenticator, and what hangs on them, run. */
async function settle(): Promise<void> {
  for (let count = 0; count < 4; count++) await Promise.resolve();
}

export const PROTOCOL_NAMES = ['mqtt', 'stomp', 'amqp'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

export const PROTOCOLS: Record<ProtocolName, Protocol> = {
  mqtt: mqttProtocol,
  stomp: stompProtocol,
  amqp: createAmqpProtocol(),
};

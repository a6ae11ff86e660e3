import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { amqpFormat, createAmqpProtocol } from '@causeway/amqp';
import {
  type AuthorizationRule,
  RuleAuthorizer,
  UserAuthenticator,
  type UserDefinition,
  UserDirectory,
} from '@causeway/auth';
import {
  AddressBook,
  Broker,
  createLimits,
  Formats,
  type LimitName,
  type Log,
  Policies,
  type Policy,
  type Random,
  SILENT_LOG,
} from '@causeway/core';
import { openJournal } from '@causeway/journal';
import { mqttFormat, mqttProtocol } from '@causeway/mqtt';
import { stompFormat, stompProtocol } from '@causeway/stomp';
import { type RefreshableClock, TickLoop, Transport } from '@causeway/transport';
import { vi } from 'vitest';

export interface TestServerOptions {
  readonly users?: readonly UserDefinition[];
  /** Whether clients without credentials are let in; by default when there are no users. */
  readonly anonymous?: boolean;
  readonly authorization?: readonly AuthorizationRule[];
  readonly limits?: Partial<Record<LimitName, number>>;
  readonly policies?: readonly Policy[];
  readonly log?: Log;
}

/**
 * A whole broker in this process, over the real store in a folder of its own. Everything that has
 * to do with time happens in `skip` and nowhere else: no timer of its own runs.
 */
export interface TestServer {
  readonly broker: Broker;
  readonly mqttPort: number;
  readonly stompPort: number;
  readonly amqpPort: number;
  /** Speaks every protocol over WebSocket. */
  readonly webSocketPort: number;
  /** Recognises every protocol. */
  readonly anyPort: number;
  /** Lets so much time pass at once, and has everything that is due happen. */
  skip(milliseconds: number): void;
  /** Stops the server and starts it over the same store, on other ports. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const GRACE_MS = 2000;
/** One visit of every connection by the transport. */
const SWEEP_MS = 1000;

const RANDOM: Random = {
  next: Math.random,
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};

/** The system's time, and what tests have skipped of it. */
class SkippingClock implements RefreshableClock {
  #skippedMs = 0;
  #monotonicMs = performance.now();
  #wallMs = Date.now();

  skip(milliseconds: number): void {
    this.#skippedMs += milliseconds;
    this.refresh();
  }

  refresh(): void {
    this.#monotonicMs = performance.now() + this.#skippedMs;
    this.#wallMs = Date.now() + this.#skippedMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }
}

interface Parts {
  readonly broker: Broker;
  readonly transport: Transport;
  readonly ports: Readonly<Record<'mqtt' | 'stomp' | 'amqp' | 'ws' | 'any', number>>;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  // Periodic work is run by `skip`: tests do not wait for it, and it does not come between.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const folder = await mkdtemp(join(tmpdir(), 'causeway-test-'));
  const clock = new SkippingClock();
  const users = await UserDirectory.create(options.users ?? []);
  let parts = await startParts(options, users, folder, clock);
  return {
    get broker() {
      return parts.broker;
    },
    get mqttPort() {
      return parts.ports.mqtt;
    },
    get stompPort() {
      return parts.ports.stomp;
    },
    get amqpPort() {
      return parts.ports.amqp;
    },
    get webSocketPort() {
      return parts.ports.ws;
    },
    get anyPort() {
      return parts.ports.any;
    },
    skip: (milliseconds) => {
      clock.skip(milliseconds);
      parts.broker.advance();
      vi.advanceTimersByTime(SWEEP_MS);
    },
    restart: async () => {
      await stopParts(parts);
      parts = await startParts(options, users, folder, clock);
    },
    close: async () => {
      await stopParts(parts);
      await rm(folder, { recursive: true, force: true });
      vi.useRealTimers();
    },
  };
}

async function startParts(
  options: TestServerOptions,
  users: UserDirectory,
  folder: string,
  clock: SkippingClock,
): Promise<Parts> {
  const log = options.log ?? SILENT_LOG;
  const addresses = new AddressBook();
  const anonymous = options.anonymous ?? options.users === undefined;
  const authenticator = new UserAuthenticator({ users, anonymous, clock });
  const limits = createLimits(options.limits);
  const store = await openJournal({
    folder: join(folder, 'store'),
    addresses,
    log,
    onFatal: (error) => {
      throw error;
    },
  });
  const formats = new Formats();
  formats.register(mqttFormat);
  formats.register(stompFormat);
  formats.register(amqpFormat);
  const loop = new TickLoop({ refresh: () => clock.refresh(), turn: () => broker.turn() });
  const broker = new Broker({
    store,
    clock,
    random: RANDOM,
    log,
    limits,
    policies: new Policies(options.policies),
    authorizer: new RuleAuthorizer(options.authorization ?? []),
    addresses,
    formats,
    requestTurn: () => loop.request(),
  });
  await broker.recover();
  const transport = new Transport({
    protocols: [mqttProtocol, stompProtocol, createAmqpProtocol()],
    context: { broker, authenticator },
    loop,
    clock,
    limits,
    metrics: broker.metrics,
    log,
    backpressure: () => broker.backpressure(),
    principalOf: (subject) => authenticator.certificate(subject),
  });
  const listen = async (protocol: string) =>
    (await transport.listen({ protocol, host: HOST, port: 0 })).port;
  const ports = {
    mqtt: await listen('mqtt'),
    stomp: await listen('stomp'),
    amqp: await listen('amqp'),
    ws: await listen('ws'),
    any: await listen('any'),
  };
  return { broker, transport, ports };
}

async function stopParts({ broker, transport }: Parts): Promise<void> {
  broker.role = 'stopping';
  await transport.close(GRACE_MS);
  await broker.close();
}

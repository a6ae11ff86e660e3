import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import type { Fault } from '../plan/fault.js';
import type { Address } from '../workload/client-settings.js';
import { Child } from './child.js';
import { ClientNetwork } from './client-network.js';
import { ConnectionStorm } from './connection-storm.js';
import { freePort } from './free-port.js';
import { openInspector } from './open-inspector.js';
import { buildShim, type Shim } from './shim.js';
import { stallEventLoop } from './stall-event-loop.js';
import type { DrillTarget, Injection, NotApplicable, ProtocolName } from './target.js';

const NODE = 'broker';
const USER = 'drill';
const PROTOCOLS: readonly ProtocolName[] = ['mqtt', 'amqp', 'stomp'];
const NOTHING = async () => {};

export interface StandaloneOptions {
  /** Runs the `causeway` command, such as `[process.execPath, 'causeway.js']`. */
  readonly command: readonly string[];
  /** An empty folder for its store, its log and whatever else it needs. */
  readonly folder: string;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
}

/** One broker in a process of its own, started again whenever it ends, behind proxies. */
export class StandaloneTarget implements DrillTarget {
  readonly name = 'standalone';
  readonly user = USER;
  readonly password = USER;
  readonly mqttVersion = 5;
  readonly protocols = PROTOCOLS;
  readonly deadLetters = '/queue/DLQ';
  readonly #options: StandaloneOptions;
  readonly #network = new ClientNetwork();
  #record: (entry: LedgerEntry) => void = () => {};
  #shim: Shim | null = null;
  #child: Child | null = null;
  #starts = 0;
  #kills = 0;

  constructor(options: StandaloneOptions) {
    this.#options = options;
  }

  async start(record: (entry: LedgerEntry) => void): Promise<void> {
    this.#record = record;
    const { folder, command, random } = this.#options;
    mkdirSync(join(folder, 'shim'), { recursive: true });
    this.#shim = await buildShim(join(folder, 'shim'));
    const brokers = new Map<ProtocolName, Address>();
    for (const protocol of PROTOCOLS) {
      brokers.set(protocol, { host: '127.0.0.1', port: await freePort() });
    }
    const listeners = [...brokers].map(([protocol, address]) => ({ protocol, ...address }));
    const users = [{ name: USER, password: USER, groups: ['admins'] }];
    const [program, ...args] = command;
    this.#child = new Child(
      [
        ...[program!, ...args, 'start', '--data', join(folder, 'data')],
        ...['--set', `listeners=${JSON.stringify(listeners)}`],
        ...['--set', `users=${JSON.stringify(users)}`],
        ...['--set', 'admin.port=0'],
      ],
      join(folder, 'broker.log'),
      this.#shim?.environment,
    );
    await this.#start();
    await this.#network.open(brokers, random);
  }

  addresses(protocol: ProtocolName): readonly Address[] {
    return [this.#network.address(protocol)];
  }

  /** How many times it was started: whatever a former process said is of a former epoch. */
  epoch(): number {
    return this.#starts;
  }

  async prepare(fault: Fault): Promise<Injection | NotApplicable> {
    const network = this.#network.prepare(fault);
    if (network !== undefined) return network;
    if ('on' in fault && fault.on !== 'active' && fault.on !== 'all') {
      return { reason: `a single broker has no ${fault.on}` };
    }
    switch (fault.fault) {
      case 'kill':
        return this.#restarting('SIGKILL');
      case 'terminate':
      case 'reboot':
        return this.#restarting('SIGTERM');
      case 'pause':
        return {
          detail: NODE,
          begin: async () => this.#child!.signal('SIGSTOP'),
          end: async () => this.#child!.signal('SIGCONT'),
        };
      case 'stall': {
        let stalled = Promise.resolve();
        const begin = async () => {
          stalled = openInspector(this.#child!.pid).then((inspector) =>
            stallEventLoop(inspector, fault.for),
          );
        };
        return { detail: NODE, begin, end: () => stalled };
      }
      case 'full-disk':
        return this.#shimmed('diskFull', 1);
      case 'slow-disk':
        return this.#shimmed('syncDelayMs', fault.delay);
      case 'clock-jump':
        return this.#shimmed('clockOffsetMs', fault.by);
      case 'storm':
        return this.#storm(fault.connections);
      case 'flip-bit':
      case 'truncate':
        return { reason: 'a single broker has no second copy of its store' };
      default:
        return { reason: `a single broker cannot have ${fault.fault}` };
    }
  }

  async compare(): Promise<void> {}

  async stop(): Promise<void> {
    await this.#network.close();
    await this.#child?.dispose();
  }

  async #start(): Promise<void> {
    const start = ++this.#starts;
    const kills = this.#kills;
    try {
      await this.#child!.start((text) => /^ready .*\n/m.test(text));
      this.#record({ kind: 'role', node: NODE, role: 'active', epoch: start });
    } catch (error) {
      // Another fault ended it while it started, and it was started again.
      if (kills === this.#kills) throw error;
    }
  }

  #restarting(signal: NodeJS.Signals): Injection {
    let back = Promise.resolve();
    const restart = async () => {
      const starting = this.#starts;
      this.#kills++;
      await this.#child!.end(signal);
      this.#record({ kind: 'role', node: NODE, role: 'stopped', epoch: starting });
      await this.#start();
    };
    const begin = async () => {
      back = restart();
      // Whoever waits for the end is told.
      back.catch(NOTHING);
    };
    return { detail: NODE, begin, end: () => back };
  }

  #shimmed(
    setting: 'diskFull' | 'syncDelayMs' | 'clockOffsetMs',
    value: number,
  ): Injection | NotApplicable {
    const shim = this.#shim;
    if (shim === null) return { reason: 'there is no C compiler to build the shim with' };
    const child = this.#child!;
    return {
      detail: NODE,
      begin: async () => void shim.set(child.pid, setting, value),
      end: async () => {
        if (child.running) shim.set(child.pid, setting, 0);
        else {
          this.#record({ kind: 'role', node: NODE, role: 'stopped', epoch: this.#starts });
          await this.#start();
        }
      },
    };
  }

  #storm(connections: number): Injection {
    let storm: ConnectionStorm | null = null;
    const begin = async () => {
      const address = this.#network.address('mqtt');
      storm = new ConnectionStorm(address, connections, USER, USER);
    };
    return {
      detail: `${connections} connections`,
      begin,
      end: async () => this.#record(storm!.end()),
    };
  }
}

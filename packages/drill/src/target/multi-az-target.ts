import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DrillError } from '../drill-error.js';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import type { Fault, PartName } from '../plan/fault.js';
import type { Address } from '../workload/client-settings.js';
import { Child } from './child.js';
import { ConnectionStorm } from './connection-storm.js';
import { damageStore } from './damage-store.js';
import { freePort } from './free-port.js';
import { NodeRoles } from './node-roles.js';
import { openInspector } from './open-inspector.js';
import { pairNetwork } from './pair-network.js';
import { buildShim, type Shim } from './shim.js';
import { stallEventLoop } from './stall-event-loop.js';
import { Supervisor } from './supervisor.js';
import type { DrillTarget, Injection, NotApplicable, ProtocolName } from './target.js';
import { askSocket } from './unix-http.js';

const USER = 'drill';
const PROTOCOLS: readonly ProtocolName[] = ['mqtt', 'amqp', 'stomp'];
const NOTHING = async () => {};
const LEADER_MS = 60_000;
const HAND_OVER_MS = 10_000;

export interface MultiAzOptions {
  /** Runs the `causeway` command, such as `[process.execPath, 'causeway.js']`. */
  readonly command: readonly string[];
  /** An empty folder for its log and whatever else it needs. */
  readonly folder: string;
  /** What else the pair is started with, such as `['--set', 'failover.lease=2s']`. */
  readonly settings?: readonly string[];
}

/** `causeway up --multi-az`: two nodes, the log, the front, and proxies between them. */
export class MultiAzTarget implements DrillTarget {
  readonly name = 'multi-az';
  readonly user = USER;
  readonly password = USER;
  readonly mqttVersion = 5;
  readonly protocols = PROTOCOLS;
  readonly deadLetters = '/queue/DLQ';
  readonly #options: MultiAzOptions;
  /** The paths of sockets are short: the stores are not below the folder of the drill. */
  readonly #data = mkdtempSync(join(tmpdir(), 'drill-'));
  readonly #supervisor = new Supervisor(join(this.#data, 'supervisor.sock'));
  readonly #addresses = new Map<ProtocolName, Address>();
  #record: (entry: LedgerEntry) => void = () => {};
  #shim: Shim | null = null;
  #child: Child | null = null;
  #roles: NodeRoles | null = null;

  constructor(options: MultiAzOptions) {
    this.#options = options;
  }

  async start(record: (entry: LedgerEntry) => void): Promise<void> {
    this.#record = record;
    const { folder, command, settings = [] } = this.#options;
    mkdirSync(join(folder, 'shim'), { recursive: true });
    this.#shim = await buildShim(join(folder, 'shim'));
    const listeners = PROTOCOLS.map((protocol) => ({ protocol, host: '127.0.0.1', port: 0 }));
    const users = [{ name: USER, password: USER, groups: ['admins'] }];
    this.#child = new Child(
      [
        ...[...command, 'up', '--multi-az', '--data', this.#data],
        ...['--set', `listeners=${JSON.stringify(listeners)}`],
        ...['--set', `users=${JSON.stringify(users)}`, '--set', 'admin.port=0'],
        ...['--set', `multiAz.region.port=${await freePort()}`, ...settings],
      ],
      join(folder, 'pair.log'),
      this.#shim?.environment,
    );
    const output = await this.#child.start((text) => /^ready .*\n/m.test(text));
    const ready = /^ready (.*)\n/m.exec(output)![1]!;
    for (const [, protocol, host, port] of ready.matchAll(/(?:^| )(\w+)=([\d.]+):(\d+)/g)) {
      this.#addresses.set(protocol as ProtocolName, { host: host!, port: Number(port) });
    }
    const nodes = (await this.#supervisor.parts()).filter(({ kind }) => kind === 'node');
    const sockets = new Map(nodes.map(({ name, control }) => [name, control]));
    this.#roles = new NodeRoles(sockets, record);
    await this.#waitForLeader();
  }

  addresses(protocol: ProtocolName): readonly Address[] {
    return [this.#addresses.get(protocol)!];
  }

  epoch(): number | undefined {
    return this.#roles?.epoch;
  }

  async prepare(fault: Fault): Promise<Injection | NotApplicable> {
    if ('edge' in fault) {
      return pairNetwork(this.#supervisor, fault, (part) => this.#names(part)[0]!);
    }
    if (fault.fault === 'storm') return this.#storm(fault.connections);
    const names = this.#names(fault.on);
    const [name] = names;
    switch (fault.fault) {
      case 'kill':
        return this.#ending(names, 'SIGKILL');
      case 'terminate':
        return this.#ending(names, 'SIGTERM');
      case 'reboot':
        return this.#asking(name!, '/hand-over');
      case 'promote':
        return this.#asking(name!, '/promote');
      case 'pause':
        return {
          detail: names.join(', '),
          begin: () => this.#each(names, (node) => this.#supervisor.signal(node, 'SIGSTOP')),
          end: () => this.#each(names, (node) => this.#supervisor.signal(node, 'SIGCONT')),
        };
      case 'stall':
        return this.#stall(name!, fault.for);
      case 'full-disk':
        return this.#shimmed(name!, 'diskFull', 1);
      case 'slow-disk':
        return this.#shimmed(name!, 'syncDelayMs', fault.delay);
      case 'clock-jump':
        return this.#shimmed(name!, 'clockOffsetMs', fault.by);
      case 'flip-bit':
      case 'truncate':
        if (fault.on === 'region') return { reason: 'the log of this pair has no second copy' };
        return this.#damage(name!, fault.fault);
    }
  }

  async compare(): Promise<void> {}

  async stop(): Promise<void> {
    this.#roles?.stop();
    // Whatever is frozen or held would keep it from ending.
    for (const { name } of await this.#supervisor.parts().catch(() => [])) {
      await this.#supervisor.signal(name, 'SIGCONT').catch(NOTHING);
    }
    this.#child?.signal('SIGTERM');
    await Promise.race([this.#child?.ended(), sleep(10_000, undefined, { ref: false })]);
    await this.#child?.dispose();
    rmSync(this.#data, { recursive: true, force: true });
  }

  /** The parts that a fault is about. */
  #names(part: PartName): readonly string[] {
    if (part === 'region' || part === 'front') return [part];
    const roles = this.#roles!;
    const active = roles.leader ?? roles.nodes[0]!;
    if (part === 'active') return [active];
    if (part === 'all') return roles.nodes;
    return roles.nodes.filter((node) => node !== active);
  }

  async #waitForLeader(): Promise<void> {
    const deadline = performance.now() + LEADER_MS;
    while (this.#roles!.leader === null) {
      if (performance.now() > deadline) throw new DrillError('no node of the pair became active');
      await sleep(50);
    }
  }

  async #each(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
    await Promise.all(names.map(act));
  }

  #ending(names: readonly string[], signal: NodeJS.Signals): Injection {
    const before = new Map<string, number | null>();
    return {
      detail: names.join(', '),
      begin: async () => {
        for (const { name, pid } of await this.#supervisor.parts()) before.set(name, pid);
        // What is being started again already cannot be signalled, and is gone in any case.
        await this.#each(names, (name) => this.#supervisor.signal(name, signal).catch(NOTHING));
      },
      end: () =>
        this.#each(names, (name) => this.#supervisor.waitUntilBack(name, before.get(name) ?? null)),
    };
  }

  #asking(name: string, path: string): Injection {
    const epoch = this.#roles!.epoch;
    return {
      detail: name,
      begin: async () => {
        const { control } = await this.#supervisor.part(name);
        await askSocket(control, 'POST', path, {});
      },
      end: async () => {
        const deadline = performance.now() + HAND_OVER_MS;
        while (this.#roles!.epoch === epoch && performance.now() < deadline) await sleep(50);
      },
    };
  }

  #stall(name: string, milliseconds: number): Injection {
    let stalled = Promise.resolve();
    return {
      detail: name,
      begin: async () => {
        const { pid } = await this.#supervisor.part(name);
        stalled = openInspector(pid!).then((url) => stallEventLoop(url, milliseconds));
        stalled.catch(NOTHING);
      },
      end: () => stalled,
    };
  }

  #shimmed(
    name: string,
    setting: 'diskFull' | 'syncDelayMs' | 'clockOffsetMs',
    value: number,
  ): Injection | NotApplicable {
    const shim = this.#shim;
    if (shim === null) return { reason: 'there is no C compiler to build the shim with' };
    let process: number | null = null;
    return {
      detail: name,
      begin: async () => {
        process = (await this.#supervisor.part(name)).pid;
        if (process === null || !shim.set(process, setting, value)) {
          throw new DrillError(`${name} does not run with the shim`);
        }
      },
      end: async () => {
        shim.set(process!, setting, 0);
        await this.#supervisor.waitUntilBack(name, null);
      },
    };
  }

  #damage(name: string, how: 'flip-bit' | 'truncate'): Injection {
    let before: number | null = null;
    return {
      detail: name,
      begin: async () => {
        before = (await this.#supervisor.part(name)).pid;
        await this.#supervisor.hold(name);
        await this.#supervisor.signal(name, 'SIGKILL');
        await this.#supervisor.waitUntilGone(name, before);
        damageStore(join(this.#data, name, 'state'), how);
        await this.#supervisor.release(name);
      },
      // Whether it comes back is up to the pair: a node with a damaged store had better not.
      end: () => sleep(3000),
    };
  }

  #storm(connections: number): Injection {
    let storm: ConnectionStorm | null = null;
    return {
      detail: `${connections} connections`,
      begin: async () => {
        const [address] = this.addresses('mqtt');
        storm = new ConnectionStorm(address!, connections, USER, USER);
      },
      end: async () => this.#record(storm!.end()),
    };
  }
}

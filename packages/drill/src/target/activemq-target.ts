import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DrillError } from '../drill-error.js';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import type { Fault, PartName } from '../plan/fault.js';
import type { Address } from '../workload/client-settings.js';
import { ACTIVEMQ_FOLDER, activemqConfig, LAUNCHER } from './activemq-files.js';
import { Child } from './child.js';
import { freePort } from './free-port.js';
import type { DrillTarget, Injection, NotApplicable, ProtocolName } from './target.js';

const NODES = ['master-1', 'master-2'] as const;
const POLL_MS = 200;
const PROBE_MS = 500;
const LEADER_MS = 60_000;
const NOTHING = async () => {};

interface Node {
  readonly name: string;
  readonly child: Child;
  readonly stomp: Address;
  serves: boolean;
}

/** Two brokers of ActiveMQ Classic on a shared folder, whose lock says which one serves. */
export class ActivemqTarget implements DrillTarget {
  readonly name = 'activemq';
  readonly user = 'admin';
  readonly password = 'admin';
  readonly mqttVersion = 4;
  /** Debian's package accepts MQTT connections, and answers none. */
  readonly protocols: readonly ProtocolName[] = ['stomp'];
  readonly deadLetters = '/queue/ActiveMQ.DLQ';
  readonly #folder: string;
  readonly #nodes: Node[] = [];
  #stopped = false;

  /** @param folder an empty one, for its store and its logs */
  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  async start(record: (entry: LedgerEntry) => void): Promise<void> {
    if (!existsSync(ACTIVEMQ_FOLDER)) {
      throw new DrillError(
        'ActiveMQ Classic is not installed: the packages activemq and default-jdk-headless of Debian',
      );
    }
    const shared = join(this.#folder, 'shared');
    mkdirSync(shared, { recursive: true });
    const launcher = join(this.#folder, 'Run.java');
    writeFileSync(launcher, LAUNCHER);
    for (const name of NODES) {
      const stomp = { host: '127.0.0.1', port: await freePort() };
      const config = join(this.#folder, `${name}.xml`);
      writeFileSync(config, activemqConfig(name, shared, stomp));
      const command = ['java', '-Xmx512m', '-cp', classPath(), launcher, config];
      const child = new Child(command, join(this.#folder, `${name}.log`));
      this.#nodes.push({ name, child, stomp, serves: false });
    }
    for (const node of this.#nodes) await launch(node);
    const deadline = performance.now() + LEADER_MS;
    while (!(await this.#probe(record))) {
      if (performance.now() > deadline) throw new DrillError('no broker of ActiveMQ serves');
      await sleep(POLL_MS);
    }
    void this.#watch(record);
  }

  addresses(_protocol: ProtocolName): readonly Address[] {
    return this.#nodes.map(({ stomp }) => stomp);
  }

  epoch(): number | undefined {
    return undefined;
  }

  async prepare(fault: Fault): Promise<Injection | NotApplicable> {
    if (!('on' in fault)) return { reason: `${fault.fault} is not injected into ActiveMQ` };
    if (fault.on === 'region' || fault.on === 'front') {
      return { reason: `ActiveMQ has no ${fault.on}` };
    }
    const nodes = this.#named(fault.on);
    const detail = nodes.map(({ name }) => name).join(', ');
    switch (fault.fault) {
      case 'kill':
        return restarting(nodes, detail, 'SIGKILL');
      case 'terminate':
      case 'reboot':
        return restarting(nodes, detail, 'SIGTERM');
      case 'pause':
        return {
          detail,
          begin: async () => nodes.forEach(({ child }) => void child.signal('SIGSTOP')),
          end: async () => nodes.forEach(({ child }) => void child.signal('SIGCONT')),
        };
      default:
        return { reason: `${fault.fault} is not injected into ActiveMQ` };
    }
  }

  async compare(): Promise<void> {}

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#nodes.map(({ child }) => child.dispose()));
  }

  #named(part: PartName): Node[] {
    if (part === 'all') return this.#nodes;
    return this.#nodes.filter(({ serves }) => serves === (part === 'active'));
  }

  async #watch(record: (entry: LedgerEntry) => void): Promise<void> {
    while (!this.#stopped) {
      await this.#probe(record);
      await sleep(POLL_MS);
    }
  }

  /** Asks who serves, and writes down what has changed; returns whether anybody does. */
  async #probe(record: (entry: LedgerEntry) => void): Promise<boolean> {
    const answers = await Promise.all(this.#nodes.map(({ stomp }) => accepts(stomp)));
    if (this.#stopped) return false;
    // Who has stopped is written down before who has begun.
    for (const wanted of [false, true]) {
      this.#nodes.forEach((node, index) => {
        if (answers[index] !== wanted || node.serves === wanted) return;
        node.serves = wanted;
        const role = wanted ? 'active' : 'standby';
        record({ kind: 'role', node: node.name, role, epoch: null });
      });
    }
    return answers.includes(true);
  }
}

function launch({ child }: Node): Promise<unknown> {
  return child.start((output) => output.includes('starting'));
}

function restarting(nodes: readonly Node[], detail: string, signal: NodeJS.Signals): Injection {
  let back: Promise<unknown> = Promise.resolve();
  return {
    detail,
    begin: async () => {
      back = Promise.all(
        nodes.map(async (node) => {
          await node.child.end(signal);
          await launch(node);
        }),
      );
      back.catch(NOTHING);
    },
    end: async () => void (await back),
  };
}

/** Whether it listens; a process that is frozen does, as its system answers for it. */
function accepts(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, timeout: PROBE_MS });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}

function classPath(): string {
  const optional = join(ACTIVEMQ_FOLDER, 'optional');
  return [ACTIVEMQ_FOLDER, ...(existsSync(optional) ? [optional] : [])]
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.jar'))
    .join(':');
}

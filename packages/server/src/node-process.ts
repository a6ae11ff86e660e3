import { join } from 'node:path';
import type { AdminServer } from '@causeway/admin';
import { UserDirectory } from '@causeway/auth';
import { AddressBook, BrokerError } from '@causeway/core';
import {
  type ControlServer,
  connectRegion,
  type LeaderNote,
  type NodeStatus,
  Passage,
  type RegionLog,
  ReplicatedLog,
  ShardReplica,
  serveControl,
  type TakeoverReason,
} from '@causeway/failover';
import { Journal, type LevelState, MemoryLog } from '@causeway/journal';
import type { BrokerLog } from './broker-log.js';
import { BrokerStack } from './broker-stack.js';
import type { Config } from './config/options.js';
import { formatAddress } from './format-address.js';
import { CONTROL_SOCKET } from './multi-az-layout.js';
import type { NamedAddress } from './named-address.js';
import { NodeState, refuseSingleBroker } from './node-state.js';
import { startBrokerAdmin } from './start-admin.js';
import type { BrokerProcess } from './start-broker.js';
import { SystemClock } from './system-clock.js';
import { SYSTEM_RANDOM } from './system-random.js';

export interface NodeOptions {
  readonly config: Config;
  readonly failover: NonNullable<Config['failover']>;
  readonly log: BrokerLog;
  /** This node must not serve any more; the process must end. It has been logged. */
  readonly onFatal: (error: BrokerError) => void;
}

/** How long clients have to take their last bytes when the process ends, and at a hand-over. */
const DRAIN_MS = 5000;
const HAND_OVER_DRAIN_MS = 300;

/**
 * For so long after it has served, a node has no open ports: those who still come, or are still sent
 * by a front, try again. Told in words that another one serves, some clients give up for good.
 */
const STANDBY_PORTS_MS = 1000;

/**
 * One node of several over one log. It listens from the start: while another node leads, it tells
 * clients where; when it leads, it serves. Each leadership has a broker of its own, made from the
 * state that the log adds up to, and nothing of it outlives it.
 */
export class NodeProcess implements BrokerProcess {
  addresses: readonly NamedAddress[] = [];
  readonly log: BrokerLog;
  readonly #options: NodeOptions;
  readonly #clock = new SystemClock();
  #users!: UserDirectory;
  readonly #state: NodeState;
  #shardLog: RegionLog | null = null;
  #replica: ShardReplica | null = null;
  #stack: BrokerStack | null = null;
  #passage: Passage | null = null;
  #admin: AdminServer | null = null;
  #control: ControlServer | null = null;
  #listeners: Config['listeners'];
  #listening: readonly NamedAddress[] = [];
  #takeover: NodeStatus['takeover'] = null;
  #stopping = false;
  /** Whether the region has let this process in. */
  #admitted = false;
  /** Stacks come and go one after the other. */
  #change: Promise<void> = Promise.resolve();

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#listeners = options.config.listeners;
    this.#state = new NodeState(options.config.node.data, options.log);
    this.log = options.log;
  }

  async start(): Promise<void> {
    const { config, failover, log } = this.#options;
    const users = UserDirectory.create(config.users);
    users.catch(() => {});
    refuseSingleBroker(config.node.data);
    await this.#state.open();
    this.#users = await users;
    this.#control = await serveControl(
      join(config.node.data, CONTROL_SOCKET),
      () => this.#status(),
      {
        'hand-over': ({ successor }) => this.#handOver(asName(successor)),
        promote: () => this.#promote(),
      },
      log,
    );
    this.#stack = this.#createStandby();
    this.#admin = await startBrokerAdmin(
      config,
      () => this.#stack!.broker,
      log,
      () => this.#view(),
    );
    this.#listening = await this.#listenAsStandby(this.#stack);
    this.#listeners = this.#listeners.map((listener, index) => ({
      ...listener,
      // A free port stays the same from one leadership to the next.
      port: portOf(this.#listening[index]!.address),
    }));
    this.addresses = [...this.#listening, { name: 'admin', address: this.#admin.url }];
    const shardLog = connectRegion({
      ...failover.region,
      cluster: failover.cluster,
      node: { name: config.node.name, instance: SYSTEM_RANDOM.hex(8) },
      timeouts: { requestMs: failover.appendTimeout, retryMs: failover.retry },
      log,
      clusterId: this.#state.clusterId,
      onConnected: () => {
        this.#admitted = true;
        this.#state.clusterId = shardLog.clusterId!;
      },
      onRefused: (error) => this.#refused(error),
      onSnapshotWanted: () => {
        if (this.#replica?.connected === true) void this.#state.share(shardLog);
      },
    });
    this.#shardLog = shardLog;
    this.#replica = this.#createReplica(this.#state.current, shardLog);
    this.#replica.start();
  }

  reloadCertificates(): Promise<number> {
    return this.#stack?.reloadCertificates() ?? Promise.resolve(0);
  }

  async stop(): Promise<void> {
    this.log.info('stopping');
    this.#stopping = true;
    await this.#endLeadership(null, DRAIN_MS);
    await this.#release();
    this.log.info('stopped');
    this.log.flush();
  }

  async abandon(): Promise<void> {
    this.#stopping = true;
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#replica?.stop();
    this.#cutOff();
    await Promise.allSettled([this.#admin?.close(), this.#control?.close()]);
    await Promise.allSettled([this.#shardLog?.close()]);
    await Promise.allSettled([this.#state.close()]);
  }

  /** Who is not let in from the start is misconfigured; later, it may be a quarrel over a name. */
  #refused(error: BrokerError): void {
    if (this.#admitted || this.#stopping) return;
    this.#failed(error);
  }

  #createReplica(state: LevelState, log: RegionLog): ShardReplica {
    const { config, failover } = this.#options;
    return new ShardReplica({
      log,
      state,
      clock: this.#clock,
      random: SYSTEM_RANDOM,
      schedule: (delayMs, callback) => {
        const timer = setTimeout(() => {
          this.#clock.refresh();
          callback();
        }, delayMs);
        return () => clearTimeout(timer);
      },
      node: config.node.name,
      endpoints: () => (failover.advertise.length > 0 ? failover.advertise : this.#listening),
      leaseMs: failover.lease,
      listener: {
        activated: (reason) => this.#activated(reason),
        deposed: (reason) => this.#deposed(reason),
        failed: (error) => this.#failed(error),
        outdated: () => void this.#inTurn(() => this.#renew()),
        followed: (leader) => this.#followed(leader),
      },
      // Said again with the next one when it gets lost.
      onDurable: (sequence) => void log.reportDurable(sequence).catch(() => {}),
      logger: this.log,
    });
  }

  /** The log begins behind what this node has. */
  async #renew(): Promise<void> {
    const region = this.#shardLog!;
    await this.#state.renew(region, () => this.#stopping);
    if (this.#stopping) return;
    this.#replica = this.#createReplica(this.#state.current, region);
    this.#replica.start();
  }

  /** A broker that stores nothing, since nobody gets as far as logging in. */
  #createStandby(): BrokerStack {
    const addressBook = new AddressBook();
    const { log } = this;
    const store = new Journal({
      commitLog: new MemoryLog(),
      addresses: addressBook,
      log,
      onFatal: () => {},
    });
    const stack = this.#createStack(store, addressBook);
    stack.broker.role = 'standby';
    return stack;
  }

  /** Turns clients away to the broker that serves, or passes them on. */
  async #listenAsStandby(stack: BrokerStack): Promise<NamedAddress[]> {
    const { config, failover, log } = this.#options;
    if (failover.standby === 'redirect') return await stack.listen(this.#listeners);
    const listeners = this.#listeners.map(({ protocol, tls, host, port }) => {
      return { name: tls === undefined ? protocol : `${protocol}s`, host, port };
    });
    this.#passage = new Passage({
      listeners,
      // Who has not caught up may take a node for the leader that takes this one for it.
      elsewhere: (listener) => (this.#replica?.connected ? this.#elsewhere(listener) : null),
      connectionsMax: config.limits.connectionsMax,
      log,
    });
    const ports = await this.#passage.listen();
    return listeners.map(({ name, host }, index) => {
      return { name, address: formatAddress({ host, port: ports[index]! }) };
    });
  }

  /** Cuts off whoever is served, turned away or passed on here. */
  #cutOff(): void {
    this.#stack?.abort();
    this.#passage?.close();
    this.#passage = null;
  }

  #createStack(store: Journal, addressBook: AddressBook, serving?: () => boolean): BrokerStack {
    return new BrokerStack({
      config: this.#options.config,
      store,
      addressBook,
      users: this.#users,
      clock: this.#clock,
      log: this.log,
      ...(serving === undefined ? {} : { serving }),
      elsewhere: (listener) => this.#elsewhere(listener),
    });
  }

  #elsewhere(listener: string): string | null {
    const leader = this.#replica?.leader ?? null;
    if (leader === null || leader.node === this.#options.config.node.name) return null;
    const { endpoints } = leader;
    const found =
      endpoints.find(({ name }) => name === listener) ??
      endpoints.find(({ name }) => name === (listener.endsWith('s') ? 'anys' : 'any'));
    return found?.address ?? null;
  }

  #activated(reason: TakeoverReason): void {
    const replica = this.#replica!;
    const { epoch } = replica;
    const startMs = performance.now();
    this.log.info('taking over', { epoch, reason });
    this.#inTurn(async () => {
      if (replica.role !== 'active' || replica.epoch !== epoch) return;
      this.#cutOff();
      this.#clock.catchUp(replica.wallMs);
      const addressBook = new AddressBook();
      const journal = new Journal({
        commitLog: new ReplicatedLog(replica, this.#state.current),
        addresses: addressBook,
        log: this.log,
        onFatal: (error) => {
          // Who is deposed in the middle of a commit has nothing to be ashamed of.
          if (error.code === 'not-active')
            this.log.warn('journal ended', { reason: error.message });
          else this.#giveUp(error);
        },
      });
      const stack = this.#createStack(journal, addressBook, () => replica.serve());
      this.#stack = stack;
      await this.#recover(stack);
      if (replica.role !== 'active' || replica.epoch !== epoch) return;
      await stack.listen(this.#listeners);
      const tookMs = Math.round(performance.now() - startMs + replica.silenceMs);
      this.#takeover = { epoch, reason, at: new Date().toISOString(), tookMs };
      this.log.info('active', { epoch, reason, tookMs });
    });
  }

  /** The state cannot be used: another node takes over, and a damaged one is made anew at the next start. */
  #giveUp(error: BrokerError): void {
    if (error.code === 'storage-corrupt') this.#state.condemn(error.message);
    this.#replica!.handOver(null, () => {});
    this.#failed(error);
  }

  async #recover(stack: BrokerStack): Promise<void> {
    try {
      await stack.recover();
    } catch (error) {
      if (error instanceof BrokerError) this.#giveUp(error);
      throw error;
    }
  }

  /** Nothing may leave from this moment on: the sockets are gone before anybody reads them again. */
  #deposed(reason: string): void {
    this.log.warn('deposed', { epoch: this.#replica!.epoch, reason });
    this.#cutOff();
    this.#inTurn(() => this.#becomeStandby());
  }

  async #becomeStandby(): Promise<void> {
    if (this.#stopping || this.#replica!.role !== 'fenced') return;
    this.#cutOff();
    const stack = this.#createStandby();
    this.#stack = stack;
    this.#replica!.resume();
    setTimeout(() => {
      void this.#inTurn(async () => {
        if (this.#stack === stack && !this.#stopping) await this.#listenAsStandby(stack);
      });
    }, STANDBY_PORTS_MS).unref();
  }

  #followed(leader: LeaderNote): void {
    this.log.info('following', { leader: leader.node, epoch: this.#replica!.epoch });
  }

  #failed(error: BrokerError): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#cutOff();
    // A moment for the farewell to the other nodes.
    setTimeout(() => this.#options.onFatal(error), this.#options.failover.retry).unref();
  }

  async #handOver(successor: string | null): Promise<unknown> {
    const replica = this.#replica;
    if (replica === null || replica.role !== 'active') {
      throw new BrokerError('not-active', `this node does not lead: it is ${this.#role}`);
    }
    if (successor === this.#options.config.node.name) {
      throw new BrokerError('config-invalid', 'a node cannot hand over to itself');
    }
    const { epoch } = replica;
    await this.#inTurn(async () => {
      await this.#endLeadership(successor, HAND_OVER_DRAIN_MS);
      await this.#becomeStandby();
    });
    return { epoch };
  }

  #promote(): unknown {
    const replica = this.#replica;
    if (replica === null || replica.role === 'active') {
      throw new BrokerError('not-active', `this node does not stand by: it is ${this.#role}`);
    }
    replica.promote();
    return { epoch: replica.epoch };
  }

  /** Stops to serve, then says so in the log. */
  async #endLeadership(successor: string | null, drainMs: number): Promise<void> {
    const replica = this.#replica;
    if (replica === null || replica.role !== 'active') return;
    await this.#stack!.stop(drainMs);
    await new Promise<void>((resolve) => replica.handOver(successor, resolve));
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const run = this.#change.then(task);
    this.#change = run.catch((error: unknown) => {
      this.#failed(
        error instanceof BrokerError
          ? error
          : new BrokerError('internal', (error as Error).stack ?? String(error), error),
      );
    });
    return run;
  }

  get #role(): NodeStatus['role'] {
    if (this.#stopping) return 'stopping';
    const role = this.#replica?.role ?? 'starting';
    const serving = this.#stack?.broker.role;
    if (role !== 'active' || serving === 'active') return role;
    // Between taking over and serving, and while it drains, clients are not served.
    return serving === 'stopping' ? 'stopping' : 'candidate';
  }

  #view(): { role: string; epoch: number; leader: string | null } {
    return {
      role: this.#role,
      epoch: this.#replica?.epoch ?? 0,
      leader: this.#replica?.leader?.node ?? null,
    };
  }

  #status(): NodeStatus {
    const replica = this.#replica;
    const received = replica?.received ?? 0;
    const applied = replica === null ? 0 : this.#state.current.position.sequence;
    return {
      name: this.#options.config.node.name,
      process: process.pid,
      role: this.#role,
      epoch: replica?.epoch ?? 0,
      leader: replica?.leader?.node ?? null,
      received,
      applied,
      // Who leads has applied all that was committed; the rest of it are renewals of its lease.
      lag: this.#role === 'active' ? 0 : received - applied,
      connected: replica?.connected ?? false,
      endpoints: this.addresses,
      takeover: this.#takeover,
    };
  }
}

function asName(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

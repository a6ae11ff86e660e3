import { Edge, FaultProxy, type FrontNode, findFreePort, type PartSpec } from '@causeway/failover';
import type { LayoutAddress, NodeLayout } from '@causeway/server';
import type { ConfigOptions } from '../config-options.js';
import type { LoadedPair } from './load-pair.js';

export interface PairPlan {
  readonly parts: readonly PartSpec[];
  readonly edges: readonly Edge[];
  readonly region: LayoutAddress;
  readonly nodes: readonly NodeLayout[];
}

export interface PlanOptions {
  /** The command that parts are subcommands of. */
  readonly command: string;
  /** Whether parts write lines for people. */
  readonly pretty: boolean;
  /** Of what the proxies leave to chance. */
  readonly seed: number;
}

/** Where proxies listen: only parts of this machine use them. */
const LOOPBACK = '127.0.0.1';

/** What has to run for a pair, and how each part is told what is its own. */
export async function planPair(
  pair: LoadedPair,
  options: ConfigOptions,
  plan: PlanOptions,
): Promise<PairPlan> {
  const ports = new PortPool();
  const { layout, config } = pair;
  const region = { ...layout.region, port: await ports.orFree(layout.region) };
  const nodes: NodeLayout[] = [];
  for (const node of layout.nodes) nodes.push(await withPorts(node, ports));
  const builder = new PlanBuilder(pair, options, plan, ports);
  const parts: PartSpec[] = [builder.region(region)];
  for (const node of nodes) parts.push(await builder.node(node, region));
  parts.push(await builder.front(nodes, config.listeners));
  return { parts, edges: builder.edges, region, nodes };
}

/** Ports that were free, each given once. */
class PortPool {
  readonly #taken = new Set<number>();

  async orFree({ host, port }: Omit<LayoutAddress, 'name'>): Promise<number> {
    return port === 0 ? this.free(host) : port;
  }

  async free(host: string): Promise<number> {
    const port = await findFreePort(host, this.#taken);
    this.#taken.add(port);
    return port;
  }
}

async function withPorts(node: NodeLayout, ports: PortPool): Promise<NodeLayout> {
  const listeners: LayoutAddress[] = [];
  for (const listener of node.listeners) {
    listeners.push({ ...listener, port: await ports.orFree(listener) });
  }
  return { ...node, listeners, admin: { ...node.admin, port: await ports.orFree(node.admin) } };
}

class PlanBuilder {
  readonly edges: Edge[] = [];
  readonly #pair: LoadedPair;
  readonly #plan: PlanOptions;
  readonly #ports: PortPool;
  readonly #common: readonly string[];
  #seed: number;

  constructor(pair: LoadedPair, options: ConfigOptions, plan: PlanOptions, ports: PortPool) {
    this.#pair = pair;
    this.#plan = plan;
    this.#ports = ports;
    this.#seed = plan.seed;
    this.#common = [
      ...(options.config === undefined ? [] : ['--config', options.config]),
      ...options.set.flatMap((set) => ['--set', set]),
      ...(plan.pretty ? ['--set', 'log.format=pretty'] : []),
    ];
  }

  region({ name, folder, control, port }: LoadedPair['layout']['region']): PartSpec {
    const sets = [`node.data=${folder}`, `multiAz.region.port=${port}`];
    return this.#part(name, 'region', control, ['region', ...this.#arguments(sets)]);
  }

  async node(node: NodeLayout, region: LayoutAddress): Promise<PartSpec> {
    const proxy = await this.#proxy(region);
    this.edges.push(new Edge(`${node.name}~region`, [proxy]));
    const sets = [
      `node.name=${node.name}`,
      `node.data=${node.folder}`,
      ...node.listeners.map(({ port }, place) => `listeners[${place}].port=${port}`),
      `admin.port=${node.admin.port}`,
      `failover.cluster=${this.#pair.layout.cluster}`,
      `failover.region.host=${proxy.address.host}`,
      `failover.region.port=${proxy.address.port}`,
      ...this.#proxyProtocol(),
    ];
    return this.#part(node.name, 'node', node.control, ['start', ...this.#arguments(sets)]);
  }

  async front(
    nodes: readonly NodeLayout[],
    listeners: LoadedPair['config']['listeners'],
  ): Promise<PartSpec> {
    const routes: FrontNode[] = [];
    for (const node of nodes) {
      const admin = await this.#proxy(node.admin);
      const proxies: FaultProxy[] = [];
      for (const listener of node.listeners) proxies.push(await this.#proxy(listener));
      this.edges.push(new Edge(`front~${node.name}`, [...proxies, admin]));
      routes.push({
        name: node.name,
        admin: { ...admin.address, secure: node.admin.secure },
        endpoints: proxies.map(({ address }) => address),
      });
    }
    const sets = [`node.data=${this.#pair.layout.folder}/front`];
    for (const [place, listener] of listeners.entries()) {
      if (listener.port !== 0) continue;
      sets.push(`listeners[${place}].port=${await this.#ports.free(listener.host)}`);
    }
    const routing = ['--routes', JSON.stringify(routes)];
    const { control } = this.#pair.layout.front;
    return this.#part('front', 'front', control, ['front', ...this.#arguments(sets), ...routing]);
  }

  /** What the front says of clients, nodes must expect. */
  #proxyProtocol(): string[] {
    const { multiAz, config } = this.#pair;
    if (multiAz.frontProxyProtocol === 'none') return [];
    return config.listeners.map((_, place) => `listeners[${place}].proxyProtocol=true`);
  }

  async #proxy(target: Omit<LayoutAddress, 'name'>): Promise<FaultProxy> {
    const port = await this.#ports.free(LOOPBACK);
    const { host } = target;
    const to = { host: host === '0.0.0.0' ? LOOPBACK : host, port: target.port };
    return new FaultProxy({ host: LOOPBACK, port, target: to, seed: this.#seed++ });
  }

  #arguments(sets: readonly string[]): string[] {
    return [...this.#common, ...sets.flatMap((set) => ['--set', set])];
  }

  #part(name: string, kind: PartSpec['kind'], control: string, args: readonly string[]): PartSpec {
    return { name, kind, control, command: this.#plan.command, arguments: args };
  }
}

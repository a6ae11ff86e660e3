import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type FrontStatus, type NodeStatus, type PartStatus, probeNode } from '@causeway/failover';
import {
  CONTROL_SOCKET,
  formatAddress,
  type LayoutAddress,
  type NodeLayout,
} from '@causeway/server';
import { askControl } from './ask-control.js';
import type { LoadedPair } from './load-pair.js';

/** How a node is, as far as can be found out; what is not known is null. */
export interface NodeState {
  readonly name: string;
  readonly up: boolean;
  readonly process: number | null;
  readonly role: string;
  readonly epoch: number | null;
  /** Records of the log that it has not applied. */
  readonly lag: number | null;
  readonly endpoints: readonly { readonly name: string; readonly address: string }[];
  readonly takeover: NodeStatus['takeover'];
  /** Its control socket; null when nobody answers there. */
  readonly control: string | null;
}

export interface PartState {
  readonly up: boolean;
  readonly process: number | null;
  readonly endpoints: readonly { readonly name: string; readonly address: string }[];
}

/** What `causeway status --json` prints. */
export interface PairStatus {
  readonly cluster: string;
  /** Name of the node that serves. */
  readonly active: string | null;
  readonly nodes: readonly NodeState[];
  readonly region: PartState;
  readonly front: PartState & Partial<Pick<FrontStatus, 'connections' | 'waiting' | 'refused'>>;
  readonly supervisor: { readonly up: boolean; readonly process: number | null };
  /** The newest one, by whom. */
  readonly takeover: (NonNullable<NodeStatus['takeover']> & { readonly node: string }) | null;
}

const PROBE_MS = 1000;

/**
 * Finds out how the parts of a pair are, from the configuration alone: over their control sockets
 * where they are on this machine, and otherwise over the network. Parts may be down.
 */
export async function readPairStatus({ config, layout }: LoadedPair): Promise<PairStatus> {
  const [parts, own, region, front, supervisor, ...nodes] = await Promise.all([
    askParts(layout.supervisor),
    // What a part that was started alone says; its folder is its own.
    ask(join(layout.folder, CONTROL_SOCKET)),
    ask(layout.region.control),
    ask(layout.front.control),
    ask(layout.supervisor),
    ...layout.nodes.map((node) => ask(node.control)),
  ]);
  const states = await Promise.all(
    layout.nodes.map((node, place) => {
      const alone = config.node.name === node.name && isNode(own);
      const said = nodes[place] ?? (alone ? own : null);
      const control = nodes[place] === null ? join(layout.folder, CONTROL_SOCKET) : node.control;
      if (said !== null) return fromNode(node.name, said as unknown as NodeStatus, control);
      const part = parts.find(({ name }) => name === node.name);
      return part === undefined ? probe(node) : fromPart(part);
    }),
  );
  const serving = states
    .filter(({ role }) => role === 'active')
    .toSorted((left, right) => (right.epoch ?? 0) - (left.epoch ?? 0));
  return {
    cluster: layout.cluster,
    active: serving[0]?.name ?? null,
    nodes: states,
    region: await partState(region ?? named(own, 'region'), [layout.region]),
    front: {
      ...(await partState(front ?? named(own, 'front'), layout.front.listeners)),
      ...frontDetails(front ?? named(own, 'front')),
    },
    supervisor: { up: supervisor !== null, process: processOf(supervisor) },
    takeover: newestTakeover(states),
  };
}

type Said = Readonly<Record<string, unknown>> | null;

async function ask(socket: string): Promise<Said> {
  try {
    return (await askControl(socket, 'GET', '/status')) as Said;
  } catch {
    return null;
  }
}

async function askParts(socket: string): Promise<readonly PartStatus[]> {
  try {
    return (await askControl(socket, 'GET', '/parts')) as readonly PartStatus[];
  } catch {
    return [];
  }
}

function isNode(said: Said): boolean {
  return typeof said?.role === 'string' && said.part === undefined;
}

function named(said: Said, part: string): Said {
  return said?.part === part ? said : null;
}

function processOf(said: Said): number | null {
  return typeof said?.process === 'number' ? said.process : null;
}

function fromNode(name: string, said: NodeStatus, control: string): NodeState {
  const { process, role, epoch, lag, endpoints, takeover } = said;
  return { name, up: true, process, role, epoch, lag, endpoints, takeover, control };
}

/** A node that does not answer, as its supervisor knows it. */
function fromPart({ name, pid, endpoints }: PartStatus): NodeState {
  const role = pid === null ? 'down' : 'silent';
  const unknown = { epoch: null, lag: null, takeover: null, control: null };
  return { name, up: pid !== null, process: pid, role, endpoints, ...unknown };
}

async function probe(node: NodeLayout): Promise<NodeState> {
  const agent = node.admin.secure ? new SecureAgent() : new Agent();
  const readiness = await probeNode({ ...node, endpoints: [] }, agent, PROBE_MS);
  agent.destroy();
  const answered = readiness.answer === 'ready' || readiness.answer === 'not-ready';
  return {
    name: node.name,
    up: readiness.answer !== 'down',
    process: null,
    role: answered ? readiness.role : readiness.answer,
    epoch: answered ? readiness.epoch : null,
    lag: null,
    endpoints: [...node.listeners, node.admin].map(formatEndpoint),
    takeover: null,
    control: null,
  };
}

async function partState(said: Said, addresses: readonly LayoutAddress[]): Promise<PartState> {
  const [first] = addresses;
  const up = said !== null || (first !== undefined && (await listens(first)));
  const endpoints = (said?.endpoints as PartState['endpoints']) ?? addresses.map(formatEndpoint);
  return { up, process: processOf(said), endpoints };
}

function frontDetails(said: Said): Partial<Pick<FrontStatus, 'connections' | 'waiting'>> {
  if (said === null) return {};
  const { connections, waiting, refused } = said as unknown as FrontStatus;
  return { connections, waiting, refused } as Partial<FrontStatus>;
}

function formatEndpoint(at: LayoutAddress): { name: string; address: string } {
  return { name: at.name, address: formatAddress(at) };
}

function listens({ host, port }: LayoutAddress): Promise<boolean> {
  if (port === 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PROBE_MS });
    const answer = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.on('connect', () => answer(true));
    socket.on('timeout', () => answer(false));
    socket.on('error', () => answer(false));
  });
}

function newestTakeover(states: readonly NodeState[]): PairStatus['takeover'] {
  let newest: PairStatus['takeover'] = null;
  for (const { name, takeover } of states) {
    if (takeover === null || takeover.epoch <= (newest?.epoch ?? 0)) continue;
    newest = { ...takeover, node: name };
  }
  return newest;
}

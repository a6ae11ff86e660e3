import type { Fault, PartName } from '../plan/fault.js';
import type { Supervisor, Toxic } from './supervisor.js';
import type { Injection, NotApplicable } from './target.js';

type NetworkFault = Extract<Fault, { readonly edge: string }>;

/** What the plan calls a connection, and between which parts the pair has a proxy for it. */
const EDGES: Readonly<Record<string, readonly [from: PartName, to: PartName]>> = {
  'clients~active': ['front', 'active'],
  'clients~front': ['front', 'active'],
  'front~active': ['front', 'active'],
  'active~front': ['front', 'active'],
  'front~standby': ['front', 'standby'],
  'standby~front': ['front', 'standby'],
  'active~region': ['active', 'region'],
  'region~active': ['active', 'region'],
  'standby~region': ['standby', 'region'],
  'region~standby': ['standby', 'region'],
};
const BYTES_PER_KIB = 1024;

/** Has a proxy of the pair do what a fault says. */
export function pairNetwork(
  supervisor: Supervisor,
  fault: NetworkFault,
  nameOf: (part: PartName) => string,
): Injection | NotApplicable {
  const parts = EDGES[fault.edge];
  if (parts === undefined) {
    return { reason: `the parts of ${fault.edge} do not talk to each other` };
  }
  const edge = parts.map(nameOf).join('~');
  if (fault.fault === 'flapping') return flapping(supervisor, edge, fault.period);
  const toxic = toxicOf(fault);
  const { direction } = fault;
  return {
    detail: edge,
    begin: () => supervisor.add(edge, direction === 'both' ? toxic : { ...toxic, direction }),
    end: () => supervisor.heal(edge),
  };
}

function toxicOf(fault: Exclude<NetworkFault, { readonly fault: 'flapping' }>): Toxic {
  switch (fault.fault) {
    case 'cut':
      return { type: 'down' };
    // Packets of a partitioned network are lost; nobody refuses a connection.
    case 'partition':
    case 'half-open':
      return { type: 'half_open' };
    case 'reset':
      return { type: 'reset_peer', attributes: { timeout: 0 } };
    case 'latency':
      return { type: 'latency', attributes: { latency: fault.latency, jitter: fault.jitter } };
    case 'bandwidth':
      return { type: 'bandwidth', attributes: { rate: Math.ceil(fault.rate / BYTES_PER_KIB) } };
  }
}

function flapping(supervisor: Supervisor, edge: string, period: number): Injection {
  let isDown = false;
  let turn: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const flip = () => {
    isDown = !isDown;
    const next = isDown
      ? () => supervisor.add(edge, { type: 'down' })
      : () => supervisor.heal(edge);
    turn = turn.then(next);
  };
  return {
    detail: edge,
    async begin() {
      flip();
      timer = setInterval(flip, period);
    },
    async end() {
      clearInterval(timer);
      await turn;
      await supervisor.heal(edge);
    },
  };
}

import { type ChangeOptions, printChange } from './command-reboot.js';
import { CommandError } from './exit-code.js';
import { changeActive, nodeNamed } from './pair/change-active.js';
import { loadPair } from './pair/load-pair.js';
import { type PairStatus, readPairStatus } from './pair/pair-status.js';

/** `causeway promote`: has a node that stands by take over. */
export async function runPromote(name: string | undefined, options: ChangeOptions): Promise<void> {
  const pair = await loadPair(options);
  const status = await readPairStatus(pair);
  const node = nodeNamed(status, name ?? onlyStandby(status));
  if (node.role === 'active') throw new CommandError(`${node.name} serves already`);
  if (node.role !== 'standby') {
    throw new CommandError(`${node.name} does not stand by: it is ${node.role}`);
  }
  const active = status.nodes.find((each) => each.name === status.active && each.control !== null);
  // The one that serves gives its place away at once; without it, the lease has to run out.
  const [asked, request] =
    active === undefined
      ? [node, { path: '/promote', body: {} }]
      : [active, { path: '/hand-over', body: { successor: node.name } }];
  const change = await changeActive(pair, status, asked, request, options.timeout * 1000);
  printChange(change, options.json === true);
}

function onlyStandby({ nodes }: PairStatus): string {
  const standing = nodes.filter(({ role }) => role === 'standby').map(({ name }) => name);
  if (standing.length === 1) return standing[0]!;
  throw new CommandError(
    standing.length === 0 ? 'no node stands by' : `say which: ${standing.join(' or ')}`,
  );
}

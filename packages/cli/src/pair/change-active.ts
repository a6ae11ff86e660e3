import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../exit-code.js';
import { askControl } from './ask-control.js';
import type { LoadedPair } from './load-pair.js';
import { type NodeState, type PairStatus, readPairStatus } from './pair-status.js';

export interface ActiveChange {
  /** Name of the node that serves now. */
  readonly node: string;
  readonly epoch: number;
  readonly tookMs: number;
}

const POLL_MS = 20;

/**
 * Asks a node to do something, and waits until another node serves than before, or none did.
 * @throws CommandError when it does not come to that in time
 */
export async function changeActive(
  pair: LoadedPair,
  before: PairStatus,
  node: NodeState,
  request: { readonly path: string; readonly body: object },
  timeoutMs: number,
): Promise<ActiveChange> {
  const startMs = performance.now();
  await tell(node, request);
  while (performance.now() - startMs < timeoutMs) {
    const status = await readPairStatus(pair);
    const serving = status.nodes.find(({ name }) => name === status.active);
    if (serving !== undefined && serving.name !== before.active) {
      const tookMs = Math.round(performance.now() - startMs);
      return { node: serving.name, epoch: serving.epoch ?? 0, tookMs };
    }
    await sleep(POLL_MS);
  }
  throw new CommandError(`no other node serves after ${Math.round(timeoutMs / 1000)} s`);
}

async function tell(
  { name, control }: NodeState,
  { path, body }: { readonly path: string; readonly body: object },
): Promise<void> {
  if (control === null) {
    throw new CommandError(`${name} has no control socket here: run this where it runs`);
  }
  try {
    await askControl(control, 'POST', path, body);
  } catch (error) {
    throw new CommandError(`${name}: ${(error as Error).message}`);
  }
}

/**
 * The node of that name.
 * @throws CommandError when there is none
 */
export function nodeNamed({ nodes }: PairStatus, name: string): NodeState {
  const node = nodes.find((each) => each.name === name);
  if (node !== undefined) return node;
  const known = nodes.map((each) => each.name).join(', ');
  throw new CommandError(`there is no node ${name}: there are ${known}`);
}

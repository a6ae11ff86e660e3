import type { ConfigOptions } from './config-options.js';
import { CommandError } from './exit-code.js';
import { changeActive, nodeNamed } from './pair/change-active.js';
import { loadPair } from './pair/load-pair.js';
import { readPairStatus } from './pair/pair-status.js';

export interface ChangeOptions extends ConfigOptions {
  readonly timeout: number;
  readonly json?: boolean;
}

/** `causeway reboot`: has the node that serves hand over to the other one. */
export async function runReboot(name: string | undefined, options: ChangeOptions): Promise<void> {
  const pair = await loadPair(options);
  const status = await readPairStatus(pair);
  const { active } = status;
  if (active === null) throw new CommandError('no node serves: there is nothing to hand over');
  const node = nodeNamed(status, name ?? active);
  if (node.name !== active) {
    throw new CommandError(
      `${node.name} does not serve, ${active} does: it has nothing to hand over`,
    );
  }
  const successors = status.nodes.filter(({ role }) => role === 'standby');
  if (successors.length === 0) {
    throw new CommandError(`nobody would take over from ${active}: no other node stands by`);
  }
  const request = { path: '/hand-over', body: {} };
  const change = await changeActive(pair, status, node, request, options.timeout * 1000);
  printChange(change, options.json === true);
}

export function printChange(
  change: { readonly node: string; readonly epoch: number; readonly tookMs: number },
  json: boolean,
): void {
  const { node, epoch, tookMs } = change;
  console.log(json ? JSON.stringify(change) : `${node} serves, epoch ${epoch}, after ${tookMs} ms`);
}

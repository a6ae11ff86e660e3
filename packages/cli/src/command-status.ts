import type { ConfigOptions } from './config-options.js';
import { CommandError } from './exit-code.js';
import { loadPair } from './pair/load-pair.js';
import { readPairStatus } from './pair/pair-status.js';
import { formatPairStatus } from './pair/print-pair-status.js';

export interface StatusOptions extends ConfigOptions {
  readonly json?: boolean;
}

/**
 * `causeway status`: how the parts of a pair are.
 * @throws CommandError when no node serves, after it has been printed
 */
export async function runStatus(options: StatusOptions): Promise<void> {
  const status = await readPairStatus(await loadPair(options));
  console.log(options.json === true ? JSON.stringify(status, null, 2) : formatPairStatus(status));
  if (status.active === null) throw new CommandError('no node serves');
}

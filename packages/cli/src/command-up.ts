import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PartError, Supervisor, waitForActive } from '@causeway/failover';
import { type BrokerLog, openLog } from '@causeway/server';
import { runStart } from './command-start.js';
import type { ConfigOptions } from './config-options.js';
import { CommandError } from './exit-code.js';
import { loadPair } from './pair/load-pair.js';
import { type PairPlan, planPair } from './pair/pair-plan.js';
import { runService } from './run-service.js';

export interface UpOptions extends ConfigOptions {
  readonly multiAz?: boolean;
  readonly seed: number;
}

const COMMAND = fileURLToPath(new URL('../bin/causeway.js', import.meta.url));
const STANDARD_ERROR = 2;
/** Lines that whoever reads them has not taken; more are dropped rather than kept. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** `causeway up`: one broker, or with `--multi-az` a pair with everything that it needs. */
export async function runUp(options: UpOptions): Promise<void> {
  if (options.multiAz !== true) {
    await runStart(options);
    return;
  }
  const pair = await loadPair(options);
  const { log: settings } = pair.config;
  const log = openLog(settings);
  for (const warning of pair.warnings) log.warn('configuration', { warning });
  const pretty = settings.format === 'auto' && process.stderr.isTTY === true;
  const plan = await planPair(pair, options, { command: COMMAND, pretty, seed: options.seed });
  const supervisor = new Supervisor({
    ...plan,
    socket: pair.layout.supervisor,
    log,
    writeLine: lineWriter(),
  });
  const stop = () => supervisor.stop().then(() => log.flush());
  // Before it is ready, too, it must not leave anything behind.
  const early = () => void stop().then(() => process.exit(0));
  process.once('SIGTERM', early);
  process.once('SIGINT', early);
  await startParts(supervisor, plan, log);
  process.removeListener('SIGTERM', early);
  process.removeListener('SIGINT', early);
  runService({
    addresses: [...addressesOf(supervisor), { name: 'control', address: pair.layout.supervisor }],
    log,
    stop,
  });
}

/** @throws CommandError when a part cannot start; nothing runs then */
async function startParts(supervisor: Supervisor, plan: PairPlan, log: BrokerLog): Promise<void> {
  try {
    await supervisor.start();
    const nodes = plan.nodes.map(({ name, admin }) => ({ name, admin, endpoints: [] }));
    await waitForActive(nodes, log);
  } catch (error) {
    await supervisor.stop();
    log.flush();
    if (error instanceof PartError) throw new CommandError(error.message, error.exitCode);
    throw error;
  }
}

/** The front's under their own names, and others under their part's. */
function addressesOf(supervisor: Supervisor): { name: string; address: string }[] {
  const byFront = supervisor.parts.toSorted(
    (left, right) => Number(right.kind === 'front') - Number(left.kind === 'front'),
  );
  return byFront.flatMap(({ name: part, kind, endpoints }) =>
    endpoints.map(({ name, address }) => ({
      name: kind === 'front' || kind === 'region' ? name : `${part}.${name}`,
      address,
    })),
  );
}

/** Writes lines without ever waiting for who reads them: clients' bytes pass through this process. */
function lineWriter(): (line: string) => void {
  const output = createWriteStream('', { fd: STANDARD_ERROR, autoClose: false });
  output.on('error', () => {});
  return (line) => {
    if (output.writableLength < WAITING_BYTES_MAX) output.write(`${line}\n`);
  };
}

import { type Command, Option } from 'commander';
import { collect, count, seconds } from './option-parsers.js';

const targetOption = () =>
  new Option('-t, --target <target>', 'what to run it against')
    .choices(['standalone', 'multi-az', 'activemq'])
    .default('standalone');

/** `causeway drill` and what belongs to it. */
export function addDrill(program: Command): void {
  const drill = program
    .command('drill')
    .description('Rehearse failures with real clients, and judge what came of it.')
    .addHelpText(
      'after',
      `
A target is started for the drill, with an empty store, and stopped afterwards: standalone is one
broker, multi-az a pair with everything that it needs, activemq two brokers of ActiveMQ Classic. docs/drills.md says how to write a plan.

Exit codes: 0 the verdict is PASS, 1 FAIL, 2 wrong arguments or a plan that cannot be run, 5 UNKNOWN.

Examples:
  causeway drill list
  causeway drill run kill-active --target multi-az
  causeway drill run ./my-plan.yaml --rounds 5 --out report
  causeway drill soak --target multi-az --for 3600
  causeway drill verify report/ledger.jsonl`,
    );
  drill
    .command('list')
    .description('Show the stock plans.')
    .option('--json', 'print them as JSON')
    .action(async (options) => (await import('./command-drill-list.js')).runDrillList(options));
  drill
    .command('run <plan>')
    .description('Run a plan, by the name of a stock plan or its file, and judge it.')
    .addOption(targetOption())
    .option('-o, --out <folder>', 'where the ledger and the report go')
    .option('-r, --rounds <number>', 'repeat the faults so many times', count)
    .option('--seed <number>', 'another seed than that of the plan', count)
    .option('--json', 'print the report as JSON')
    .action(async (plan, options) =>
      (await import('./command-drill-run.js')).runDrillRun(plan, options),
    );
  drill
    .command('soak')
    .description('Run one plan after another, as chance has it, until one fails.')
    .addOption(targetOption())
    .option('-o, --out <folder>', 'where the ledgers and the reports go')
    .option('--for <seconds>', 'begin no drill after so long', seconds, 3600)
    .option('--plans <plan>', 'a plan to choose from; may be repeated', collect, [])
    .option('--seed <number>', 'seed of the choice', count, 1)
    .action(async (options) => (await import('./command-drill-soak.js')).runDrillSoak(options));
  drill
    .command('verify <ledger>')
    .description('Judge a run by its ledger, which is all that is needed.')
    .option('--json', 'print the verdict as JSON')
    .action(async (ledger, options) =>
      (await import('./command-drill-verify.js')).runDrillVerify(ledger, options),
    );
}

import { type Command, Option } from 'commander';
import { count } from './option-parsers.js';

const DRILL_TARGETS = ['standalone'];

/** `causeway drill` and what belongs to it. */
export function addDrill(program: Command): void {
  const drill = program
    .command('drill')
    .description('Rehearse failures with real clients, and judge what came of it.')
    .addHelpText(
      'after',
      `
Exit codes: 0 the verdict is PASS, 1 FAIL, 2 wrong arguments or a plan that cannot be run, 5 UNKNOWN.`,
    );
  drill
    .command('list')
    .description('Show the stock plans.')
    .option('--json', 'print them as JSON')
    .action(async (options) => (await import('./command-drill-list.js')).runDrillList(options));
  drill
    .command('run <plan>')
    .description('Run a plan, by the name of a stock plan or its file, and judge it.')
    .addOption(
      new Option('-t, --target <target>', 'what to run it against')
        .choices(DRILL_TARGETS)
        .default('standalone'),
    )
    .option('-o, --out <folder>', 'where the ledger and the report go')
    .option('-r, --rounds <number>', 'repeat the faults so many times', count)
    .option('--seed <number>', 'another seed than that of the plan', count)
    .option('--json', 'print the verdict as JSON')
    .action(async (plan, options) =>
      (await import('./command-drill-run.js')).runDrillRun(plan, options),
    );
  drill
    .command('verify <ledger>')
    .description('Judge a run by its ledger, which is all that is needed.')
    .option('--json', 'print the verdict as JSON')
    .action(async (ledger, options) =>
      (await import('./command-drill-verify.js')).runDrillVerify(ledger, options),
    );
}

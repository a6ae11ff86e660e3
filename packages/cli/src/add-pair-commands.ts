import { type Command, Option } from 'commander';
import { addConfigOptions } from './add-config-options.js';
import { countOrNone, seconds } from './option-parsers.js';

/** The commands that run a pair of brokers over one log, and look after it. */
export function addPairCommands(program: Command): void {
  addUp(program);
  addRegion(program);
  addFront(program);
  addStatus(program);
  addReboot(program);
  addPromote(program);
}

function addUp(program: Command): void {
  addConfigOptions(program.command('up'))
    .description('Start a broker, or a pair of them with everything that a pair needs.')
    .option('--multi-az', 'a log, two nodes and a front, with proxies between them that can fail')
    .option('--seed <number>', 'of what the proxies leave to chance', countOrNone, 1)
    .addHelpText(
      'after',
      `
With --multi-az, the front binds the listeners of the configuration; the nodes bind the same ports
plus their offsets (multiAz.nodes). A part that dies is started again. One line that begins with
"ready" names every address when a node serves; the parts' log lines, with the part's name before
each, go to the standard error output. SIGTERM stops the front, then the nodes, then the log. What is
told the socket supervisor.sock in the data folder can kill and freeze parts and break what connects
them: docs/failover.md.

Ends with the exit code of a part that cannot start; see causeway --help.

Examples:
  causeway up --multi-az
  causeway up --multi-az --config config/causeway.yaml --data /var/lib/causeway
  causeway up --multi-az --set failover.lease=1s --set failover.appendTimeout=300ms`,
    )
    .action(async (options) => (await import('./command-up.js')).runUp(options));
}

function addRegion(program: Command): void {
  addConfigOptions(program.command('region'))
    .description('Start the log that the nodes of a pair share.')
    .addHelpText(
      'after',
      `
Binds multiAz.region. It is one process with one disk: while it is away, no node serves, and what was
confirmed is safe. Whoever reaches its port can read and write everything.

Examples:
  causeway region --data /var/lib/causeway-region
  causeway region --config config/pair/region.yaml --set multiAz.region.host=10.0.0.5`,
    )
    .action(async (options) => (await import('./command-region.js')).runRegion(options));
}

function addFront(program: Command): void {
  addConfigOptions(program.command('front'))
    .description('Start the one address of a pair: it passes clients on to the node that serves.')
    .addOption(
      new Option('--routes <json>', 'where nodes are reached, instead of what multiAz.nodes says'),
    )
    .addHelpText(
      'after',
      `
Binds the listeners of the configuration, and asks each node of multiAz.nodes at its admin port
whether it serves. While none does, connections are held for multiAz.frontWait.

Examples:
  causeway front --config config/pair/front.yaml
  causeway front --set 'multiAz.nodes=[{ name: a, host: 10.0.0.1 }, { name: b, host: 10.0.0.2 }]'`,
    )
    .action(async (options) => (await import('./command-front.js')).runFront(options));
}

function addStatus(program: Command): void {
  addConfigOptions(program.command('status'))
    .description('Show how the parts of a pair are.')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Reads the configuration that the pair was started with, and asks the parts that are there; others may
be down. Ends with 0 when a node serves, and with 1 when none does.

Examples:
  causeway status
  causeway status --data /var/lib/causeway --json`,
    )
    .action(async (options) => (await import('./command-status.js')).runStatus(options));
}

const timeoutOption = () =>
  new Option('--timeout <seconds>', 'how long to wait for it').argParser(seconds).default(30);

function addReboot(program: Command): void {
  addConfigOptions(program.command('reboot [node]'))
    .description('Have the node that serves hand over to the other one, as for maintenance.')
    .addOption(timeoutOption())
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
The node stops taking messages, finishes what it has, and closes its epoch; the other one opens the
next. Run it where the node runs. Ends with 0 when the other node serves, and with 1 when it does not.

Examples:
  causeway reboot
  causeway reboot az-a --data /var/lib/causeway`,
    )
    .action(async (node, options) =>
      (await import('./command-reboot.js')).runReboot(node, options),
    );
}

function addPromote(program: Command): void {
  addConfigOptions(program.command('promote [node]'))
    .description('Have a node that stands by take over.')
    .addOption(timeoutOption())
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
While another node serves, it hands over; when it is gone, its lease must have run out first. Ends
with 0 when the node serves, and with 1 when it does not.

Examples:
  causeway promote az-b
  causeway promote --data /var/lib/causeway`,
    )
    .action(async (node, options) =>
      (await import('./command-promote.js')).runPromote(node, options),
    );
}

import { Command, Option } from 'commander';
import { addConfigOptions } from './add-config-options.js';
import { addPairCommands } from './add-pair-commands.js';
import { addEndpointOptions, URL_HELP } from './endpoint-options.js';
import {
  collect,
  collectPairs,
  count,
  countOrNone,
  integerBetween,
  seconds,
} from './option-parsers.js';
import { addDrill } from './program-drill.js';

/** The `causeway` command. Each subcommand is loaded when it is called. */
export function createProgram(version: string): Command {
  const program = new Command('causeway')
    .description('A message broker on which MQTT, AMQP 1.0 and STOMP clients meet.')
    .version(version)
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `
Examples:
  causeway start --config config/causeway.yaml
  causeway up --multi-az
  causeway send stomp://admin:admin@127.0.0.1 queue://orders "one order"
  causeway receive mqtt://admin:admin@127.0.0.1 topic://prices.> --json

Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration, 3 data folder locked or written by a
newer version, 4 data folder damaged, 5 a drill about which nothing can be said.`,
    );
  addStart(program);
  addPairCommands(program);
  addCheckConfig(program);
  addHashPassword(program);
  addSend(program);
  addReceive(program);
  addBench(program);
  addExplain(program);
  addDrill(program);
  return program;
}

function addStart(program: Command): void {
  addConfigOptions(program.command('start'))
    .description('Start a broker.')
    .addHelpText(
      'after',
      `
Prints one line that begins with "ready" and names each bound address when clients can connect; log
lines go to the standard error output. SIGTERM stops it in order.

Examples:
  causeway start
  causeway start --config config/causeway.yaml --data /var/lib/causeway
  causeway start --set listeners[0].port=0 --set log.format=json`,
    )
    .action(async (options) => (await import('./command-start.js')).runStart(options));
}

function addCheckConfig(program: Command): void {
  addConfigOptions(program.command('check-config'))
    .description('Check a configuration without starting.')
    .action(async (options) => (await import('./command-check-config.js')).runCheckConfig(options));
}

function addHashPassword(program: Command): void {
  program
    .command('hash-password')
    .description("Hash a password for a user's passwordHash.")
    .option('--scram', "derive the keys for a user's scram instead")
    .option('--cost <number>', 'cost of the hash: one more doubles it', integerBetween(10, 16), 14)
    .addHelpText(
      'after',
      `
Asks for the password on a terminal, and otherwise reads the first line of the standard input. The
cost is paid once a minute for each user who logs in: at 14, some 40 ms of one core. Thousands of
devices with long random passwords of their own may do with 10.

Examples:
  causeway hash-password
  pass show broker | causeway hash-password`,
    )
    .action(async (options) =>
      (await import('./command-hash-password.js')).runHashPassword(options),
    );
}

const qosOption = () =>
  new Option('-q, --qos <level>', 'quality of service: 0, 1 or 2').argParser(integerBetween(0, 2));
const versionOption = () =>
  new Option('-V, --protocol-version <version>', 'MQTT: 3, 4 (3.1.1) or 5').argParser(
    integerBetween(3, 5),
  );
const timeoutOption = () =>
  new Option('--timeout <seconds>', 'how long to wait for the broker')
    .argParser(seconds)
    .default(10);
const ackOption = () =>
  new Option('--ack <mode>', 'STOMP and AMQP: how messages are acknowledged')
    .choices(['auto', 'client', 'client-individual'])
    .default('client-individual');

function addSend(program: Command): void {
  addEndpointOptions(program.command('send <url> <destination> [message...]'))
    .description('Send messages, and wait for the broker to confirm them.')
    .option('-f, --file <file>', 'send the file as one message; may be repeated', collect, [])
    .option('-n, --count <number>', 'send all of it so many times', count, 1)
    .option(
      '-H, --header <name=value>',
      'header or user property; may be repeated',
      collectPairs,
      [],
    )
    .option('-t, --content-type <type>', 'content type of the messages')
    .option('--no-persistent', 'do not have the messages stored, nor confirmed')
    .addOption(qosOption())
    .option('--retain', 'MQTT: have the topic keep the message')
    .option('--ttl <seconds>', 'let the messages expire', seconds)
    .option('--priority <number>', 'priority from 0 to 9', integerBetween(0, 9))
    .option('--reply-to <destination>', 'where answers go')
    .option('--correlation-id <id>', 'what answers refer to')
    .addOption(versionOption())
    .addOption(timeoutOption())
    .option('--json', 'print how many were sent, as JSON')
    .addHelpText(
      'after',
      `
Without a message and without a file, each line of the standard input is a message.
${URL_HELP}

Examples:
  causeway send mqtt://admin:admin@127.0.0.1 sensors/kitchen 21.5 --retain
  causeway send stomp://admin:admin@127.0.0.1 queue://orders -f order.json -t application/json
  tail -f events.log | causeway send stomp://admin:admin@127.0.0.1 topic://events`,
    )
    .action(async (url, destination, messages, options) =>
      (await import('./command-send.js')).runSend(url, destination, messages, options),
    );
}

function addReceive(program: Command): void {
  addEndpointOptions(program.command('receive <url> <destination>'))
    .description('Receive messages, and write them to the standard output.')
    .option('-n, --count <number>', 'stop after so many messages', count)
    .option('-w, --wait <seconds>', 'stop when nothing comes for so long', seconds)
    .addOption(qosOption().default(1))
    .addOption(ackOption())
    .option('--durable <name>', 'subscribe under a name, and keep the subscription when leaving')
    .option('--client-id <id>', 'client id; with --durable the name, unless given')
    .option('--prefetch <number>', 'messages on their way at a time', count, 100)
    .option(
      '-H, --header <name=value>',
      'STOMP: header of SUBSCRIBE; AMQP: selector or no-local',
      collectPairs,
      [],
    )
    .addOption(versionOption())
    .addOption(timeoutOption())
    .option('--json', 'one line of JSON for each message, with its headers')
    .option('--raw', 'bodies as they are, without line ends between them')
    .addHelpText(
      'after',
      `
A message is settled when it has been written. With --count, what is not written stays with the
broker; it fails when --wait ends it before. With --ack auto, and for AMQP with --qos 0, the broker
settles what it sends.
${URL_HELP}

Examples:
  causeway receive mqtt://admin:admin@127.0.0.1 'sensors/#' --json
  causeway receive stomp://admin:admin@127.0.0.1 queue://orders --count 1
  causeway receive amqp://admin:admin@127.0.0.1 queue://orders -H "selector=priority > 4"
  causeway receive stomp://admin:admin@127.0.0.1 topic://events --durable archive`,
    )
    .action(async (url, destination, options) =>
      (await import('./command-receive.js')).runReceive(url, destination, options),
    );
}

function addBench(program: Command): void {
  addEndpointOptions(program.command('bench <url> [destination]'))
    .description('Measure throughput and latency.')
    .option('-p, --producers <number>', 'connections that send', countOrNone, 1)
    .option('-k, --consumers <number>', 'connections that receive', countOrNone, 1)
    .option('-b, --size <bytes>', 'bytes of a message', countOrNone, 100)
    .option('-n, --count <number>', 'messages in all', count, 100_000)
    .addOption(qosOption().default(1))
    .addOption(ackOption())
    .option(
      '-r, --rate <number>',
      'messages per second in all; 0 for as many as go',
      countOrNone,
      0,
    )
    .option('--window <number>', 'messages of a producer on their way at a time', count, 500)
    .option('--prefetch <number>', 'messages on their way to a consumer at a time', count, 1000)
    .option('--durable', 'consumers are sessions or durable subscriptions')
    .option('--raw', 'speak the protocol itself instead of through a client library')
    .addOption(timeoutOption())
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
The destination is topic://causeway-bench for MQTT and queue://causeway-bench for STOMP and AMQP,
unless it is given. On a topic each consumer gets every message, on a queue they share them. QoS 0
sends without confirms: not persistent and without receipts for STOMP, not durable and settled for
AMQP. With --ack client, --raw acknowledges all that arrived together at once. With --rate, latency
counts from when a message should have been sent.
${URL_HELP}

Examples:
  causeway bench mqtt://admin:admin@127.0.0.1 --raw --qos 0 --count 1000000
  causeway bench stomp://admin:admin@127.0.0.1 --raw --producers 20 --consumers 20
  causeway bench amqp://admin:admin@127.0.0.1 --raw --ack client
  causeway bench mqtt://admin:admin@127.0.0.1 --raw --rate 5000 --count 50000 --json`,
    )
    .action(async (url, destination, options) =>
      (await import('./command-bench.js')).runBench(url, destination, options),
    );
}

function addExplain(program: Command): void {
  program
    .command('explain [body]')
    .description('Show what the clients of each protocol would get of a message, and what is lost.')
    .addOption(
      new Option('--from <protocol>', 'the protocol that it is sent with')
        .choices(['mqtt5', 'mqtt3', 'stomp', 'amqp'])
        .makeOptionMandatory(),
    )
    .option('-d, --destination <uri>', 'where it is sent', 'topic://example')
    .option('-f, --file <file>', 'take the body from a file; - is the standard input')
    .option('-H, --header <name=value>', 'header or user property; repeatable', collectPairs, [])
    .addOption(
      new Option(
        '--body-type <type>',
        'what the sender says of the body; value: it is JSON, for a typed body',
      ).choices(['text', 'binary', 'value']),
    )
    .option('-t, --content-type <type>', 'content type of the body')
    .option('--no-persistent', 'QoS 0, or not persistent')
    .option('--ttl <seconds>', 'let it expire', seconds)
    .option('--priority <number>', 'priority from 0 to 9', integerBetween(0, 9))
    .option('--reply-to <uri>', 'where answers go')
    .option('--correlation-id <id>', 'what answers refer to')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Nothing is sent, and no broker is needed. Without a body and without a file, the body is the standard
input. Addresses are queue://NAME or topic://NAME. From amqp, headers are application properties, but
JMSType, JMSXGroupID and the like are the fields that they name, and x-opt- headers are annotations.

Examples:
  causeway explain --from stomp '{"id":7}' -t application/json -H type=order --priority 9
  causeway explain --from mqtt5 hello -H JMSType=greeting --reply-to queue://answers --json
  causeway explain --from amqp '{"id":7}' --body-type value -H JMSXGroupID=g1`,
    )
    .action(async (body, options) =>
      (await import('./command-explain.js')).runExplain(body, options),
    );
}

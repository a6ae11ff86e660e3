// Measures Causeway beside the brokers a user would pick instead, in turn, on this machine, and
// prints medians and ratios as a table. Needs a load generator and running peers:
//   node scripts/compare.mjs --blast PATH [--only TEXT] [--runs 5] [--peer NAME:PROTO:PORT:PID]...
// Causeway is started from its build with a fresh data folder for the whole comparison.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    blast: { type: 'string' },
    only: { type: 'string', default: '' },
    runs: { type: 'string', default: '5' },
    peer: { type: 'string', multiple: true, default: [] },
    cpuprofile: { type: 'string' },
  },
});
if (values.blast === undefined) {
  console.error(
    'usage: compare.mjs --blast PATH [--peer NAME:PROTO:PORT:PID]... [--runs N] [--only TEXT]',
  );
  process.exit(2);
}

/** name, protocol, arguments, messages for Causeway, messages for a slow peer */
const WORKLOADS = [
  ['MQTT QoS 0, 1 to 1', 'mqtt', ['--qos', '0'], 2_000_000, 500_000],
  ['MQTT QoS 0, 1 to 10', 'mqtt', ['--qos', '0', '--consumers', '10', '--fanout'], 300_000, 50_000],
  ['MQTT QoS 1, clean session', 'mqtt', ['--qos', '1', '--durable', '0'], 500_000, 100_000],
  ['MQTT QoS 1, persistent session', 'mqtt', ['--qos', '1', '--durable', '1'], 300_000, 50_000],
  [
    'STOMP persistent, receipts, client ack',
    'stomp',
    ['--qos', '1', '--durable', '1'],
    200_000,
    20_000,
  ],
  ['the same, 1 KiB', 'stomp', ['--qos', '1', '--durable', '1', '--size', '1024'], 100_000, 20_000],
  [
    'the same, 20 producers, 20 consumers',
    'stomp',
    ['--qos', '1', '--durable', '1', '--producers', '20', '--consumers', '20', '--window', '50'],
    200_000,
    20_000,
  ],
  ['AMQP durable queue, unsettled', 'amqp10', [], 200_000, 100_000],
  [
    'AMQP, 20 producers, 20 consumers',
    'amqp10',
    ['--producers', '20', '--consumers', '20', '--window', '50'],
    200_000,
    100_000,
  ],
  [
    'AMQP pre-settled, not durable',
    'amqp10',
    ['--durable', '0', '--settled', '1'],
    1_000_000,
    100_000,
  ],
  [
    'MQTT QoS 1 persistent at 5,000/s',
    'mqtt',
    ['--qos', '1', '--durable', '1', '--rate', '5000'],
    25_000,
    25_000,
  ],
  [
    'STOMP persistent at 5,000/s',
    'stomp',
    ['--qos', '1', '--durable', '1', '--rate', '5000'],
    25_000,
    25_000,
  ],
].filter(([name]) => name.includes(values.only));

const folder = mkdtempSync(join(tmpdir(), 'causeway-compare-'));
const profile = values.cpuprofile ? ['--cpu-prof', `--cpu-prof-dir=${values.cpuprofile}`] : [];
const broker = spawn(
  process.execPath,
  [
    ...profile,
    'packages/cli/bin/causeway.js',
    'start',
    '--config',
    'config/causeway.yaml',
    '--data',
    folder,
  ]
    .concat([
      '--set',
      'listeners=[{"protocol":"mqtt","host":"127.0.0.1","port":0},{"protocol":"stomp","host":"127.0.0.1","port":0},{"protocol":"amqp","host":"127.0.0.1","port":0}]',
    ])
    .concat(['--set', 'admin.port=0']),
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const ready = await new Promise((resolve, reject) => {
  let text = '';
  broker.stdout.on('data', (chunk) => {
    text += chunk;
    if (/^ready.*\n/m.test(text)) resolve(text);
  });
  broker.once('exit', (code) => reject(new Error(`the broker ended with ${code}`)));
});
const port = (name) => new RegExp(` ${name}=127\\.0\\.0\\.1:(\\d+)`).exec(ready)[1];
const candidates = [
  {
    name: 'Causeway',
    ports: { mqtt: port('mqtt'), stomp: port('stomp'), amqp10: port('amqp') },
    pid: broker.pid,
  },
];
for (const text of values.peer) {
  const [name, protocol, peerPort, pid] = text.split(':');
  const known = candidates.find((candidate) => candidate.name === name);
  if (known) known.ports[protocol] = peerPort;
  else candidates.push({ name, ports: { [protocol]: peerPort }, pid });
}

let serial = 0;
function run(candidate, protocol, args, count) {
  const destination = `bench${process.pid}x${serial++}`;
  // RabbitMQ's plugin of 3.10 has names of its own for queues.
  const prefix = candidate.name === 'RabbitMQ' ? '/queue/' : 'queue://';
  const result = spawnSync(
    values.blast,
    [
      '--proto',
      protocol,
      '--port',
      candidate.ports[protocol],
      '--dest',
      destination,
      ...(protocol === 'amqp10' ? ['--addr', prefix + destination] : []),
    ].concat(['--count', String(count), '--pid', String(candidate.pid), '--max', '60'], args),
    { encoding: 'utf8' },
  );
  const number = (pattern) => Number(pattern.exec(result.stdout)?.[1] ?? Number.NaN);
  return {
    ok: result.status === 0,
    rate: number(/ recv=(\d+)/),
    cpu: number(/broker_cpu_us\/msg=([\d.]+)/),
    p50: number(/p50=([\d.]+)/),
    p99: number(/p99=([\d.]+)/),
    rss: number(/rss=(\d+)/),
  };
}
const median = (numbers) => numbers.sort((left, right) => left - right)[numbers.length >> 1];

console.log('| workload | broker | msg/s | CPU us/msg | p50 ms | p99 ms | RSS MiB | Causeway is |');
console.log('|---|---|---|---|---|---|---|---|');
for (const [name, protocol, args, count, slowCount] of WORKLOADS) {
  const taking = candidates.filter((candidate) => candidate.ports[protocol] !== undefined);
  const samples = new Map(taking.map((candidate) => [candidate, []]));
  for (let round = 0; round < Number(values.runs); round++) {
    for (const candidate of taking) {
      const messages = candidate.name === 'Causeway' ? count : slowCount;
      samples.get(candidate).push(run(candidate, protocol, args, messages));
    }
  }
  const summary = taking.map((candidate) => {
    const runs = samples.get(candidate);
    const of = (key) => median(runs.map((sample) => sample[key]));
    return {
      name: candidate.name,
      failed: runs.filter((sample) => !sample.ok).length,
      rate: of('rate'),
      cpu: of('cpu'),
      p50: of('p50'),
      p99: of('p99'),
      rss: of('rss'),
    };
  });
  for (const row of summary) {
    const ratio = row.name === 'Causeway' ? '' : `${(summary[0].rate / row.rate).toFixed(1)}x`;
    const failed = row.failed > 0 ? ` (${row.failed} runs timed out)` : '';
    console.log(
      `| ${name} | ${row.name}${failed} | ${row.rate.toLocaleString('en')} | ${row.cpu} | ${row.p50} | ${row.p99} | ${row.rss} | ${ratio} |`,
    );
  }
}
broker.kill('SIGTERM');
await new Promise((resolve) => broker.once('exit', resolve));
rmSync(folder, { recursive: true, force: true });

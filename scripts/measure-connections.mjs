// Opens idle MQTT connections and reports how fast they were taken and what they cost the broker:
//   node scripts/measure-connections.mjs --port 1883 --pid PID [--count 10000] [--parallel 200]
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    pid: { type: 'string' },
    count: { type: 'string', default: '10000' },
    parallel: { type: 'string', default: '200' },
  },
});
const count = Number(values.count);

/** CONNECT of MQTT 3.1.1 with a clean session and a keep-alive of a minute. */
function connectPacket(clientId) {
  const text = (value) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
  const body = Buffer.concat([
    text('MQTT'),
    Buffer.from([4, 0xc2, 0, 60]),
    text(clientId),
    text('admin'),
    text('admin'),
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

const residentMiB = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${values.pid}/status`, 'utf8'))[1]) / 1024;

/** A loopback address has some 28,000 ports to come from: each 10,000 get an address of their own. */
const open = (index) =>
  new Promise((resolve, reject) => {
    const localAddress = `127.0.0.${2 + Math.floor(index / 10_000)}`;
    const socket = connect({ host: '127.0.0.1', port: Number(values.port), localAddress });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(connectPacket(`idle-${index}`)));
    socket.once('data', (answer) =>
      answer[3] === 0 ? resolve(socket) : reject(new Error(`CONNACK ${answer[3]}`)),
    );
  });

const before = residentMiB();
const started = performance.now();
let next = 0;
const sockets = [];
await Promise.all(
  Array.from({ length: Number(values.parallel) }, async () => {
    while (next < count) sockets.push(await open(next++));
  }),
);
const seconds = (performance.now() - started) / 1000;
await new Promise((resolve) => setTimeout(resolve, 2000));
console.log(
  `${count} connections: ${Math.round(count / seconds)}/s, RSS ${before.toFixed(0)} MiB before, ` +
    `${residentMiB().toFixed(0)} MiB now`,
);
for (const socket of sockets) socket.destroy();

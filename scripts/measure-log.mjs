// Times appends to a shared log beside commits of the journal's, in turn on the same disk:
//   node scripts/measure-log.mjs [--folder PATH] [--seconds 2] [--rounds 3] [--rate 2000]
// Needs a build. `one at a time` is how a node appends: the next one begins when one is durable.
// `chained` keeps eight under way. The region runs in a process of its own. First, at a steady rate
// of records of 200 bytes, the time from when a record is there to its `ok`. Compare lines, not runs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectRegion, LevelShardLog, startRegion } from '@causeway/failover';
import { LevelLog } from '@causeway/journal';

const SIZES = [200, 64 * 1024, 2 * 1024 * 1024];
const CHAIN = 8;
const silent = () => {};
const log = {
  debug: silent,
  info: silent,
  warn: console.error,
  error: console.error,
  audit: silent,
};
const onFatal = (error) => {
  throw error;
};

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: tmpdir() },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '2000' },
    serve: { type: 'string' },
  },
});
if (values.serve === undefined) await measure();
else await serve(values.serve);

async function serve(folder) {
  const region = await startRegion({
    folder,
    host: '127.0.0.1',
    port: 0,
    members: 1,
    log,
    onFatal,
  });
  process.send(region.port);
  process.once('disconnect', () => region.close());
}

async function measure() {
  const folder = mkdtempSync(join(values.folder, 'causeway-log-'));
  const child = fork(fileURLToPath(import.meta.url), ['--serve', join(folder, 'region')]);
  const [port] = await once(child, 'message');
  const node = { name: 'measure', instance: '1' };
  const region = connectRegion({ host: '127.0.0.1', port, cluster: 'causeway', node, log });
  const level = await LevelShardLog.open({ folder: join(folder, 'level'), log, onFatal });
  const journal = await LevelLog.open(join(folder, 'journal'));
  const [toLevel, toRegion] = [await appendsOf(level), await appendsOf(region)];
  const subjects = [
    ['journal, one at a time', commitsOf(journal), 1],
    ['level, one at a time', toLevel, 1],
    ['region, one at a time', toRegion, 1],
    ['level, chained', toLevel, CHAIN],
    ['region, chained', toRegion, CHAIN],
  ];
  const rate = Number(values.rate);
  console.log(`At ${rate} records of 200 bytes a second, packed as a node's commits are:\n`);
  console.log('| what | appends/s | p50 ms | p99 ms |');
  console.log('|---|---|---|---|');
  for (const [name, append] of [subjects[0], subjects[1], subjects[2]]) {
    const times = await steady(append, rate, Number(values.seconds) * 2);
    const { p50, p99 } = percentiles(times.delays);
    console.log(`| ${name.split(',')[0]} | ${Math.round(times.appends)} | ${p50} | ${p99} |`);
  }
  console.log('\n| what | bytes | appends/s | MiB/s | p50 ms | p99 ms |');
  console.log('|---|---|---|---|---|---|');
  for (const bytes of SIZES) {
    const record = Buffer.alloc(bytes);
    for (let at = 0; at < bytes; at++) record[at] = Math.random() * 256;
    const results = subjects.map(() => []);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [index, [, append, depth]] of subjects.entries()) {
        results[index].push(await appendFor(Number(values.seconds), append, depth, record));
      }
    }
    for (const [index, [name]] of subjects.entries()) print(name, bytes, results[index]);
    await region.trim(await region.tail());
    await level.trim(await level.tail());
  }
  await Promise.all([region.close(), level.close(), journal.close()]);
  child.disconnect();
  await once(child, 'exit');
  rmSync(folder, { recursive: true });
}

function commitsOf(journal) {
  return (record, done) => {
    const batch = journal.begin();
    batch.put(Buffer.from(`q${String(journal.tail).padStart(10, '0')}`), record);
    journal.append(journal.tail, batch, (error) => (error === null ? done() : onFatal(error)));
  };
}

async function appendsOf(shardLog) {
  let tail = await shardLog.tail();
  return (record, done) => {
    shardLog.append(tail++, record, (result) => {
      if (result.outcome !== 'ok') throw new Error(JSON.stringify(result));
      done();
    });
  };
}

/** Appends for a while, with so many under way. @returns appends, milliseconds, and each one's time */
function appendFor(seconds, append, depth, record) {
  return new Promise((resolve) => {
    const started = performance.now();
    const delays = [];
    let open = 0;
    const next = () => {
      const began = performance.now();
      open++;
      append(record, () => {
        delays.push(performance.now() - began);
        open--;
        const elapsed = performance.now() - started;
        if (elapsed < seconds * 1000) next();
        else if (open === 0) resolve({ appends: delays.length, ms: elapsed, delays });
      });
    };
    setImmediate(() => {
      for (let index = 0; index < depth; index++) next();
    });
  });
}

/** Records come at a rate; those that come while an append is under way go along with the next. */
function steady(append, rate, seconds) {
  return new Promise((resolve) => {
    const started = performance.now();
    const delays = [];
    let arrived = 0;
    let appends = 0;
    let waiting = [];
    let busy = false;
    const flush = () => {
      if (busy || waiting.length === 0) return;
      busy = true;
      const these = waiting;
      waiting = [];
      append(Buffer.alloc(200 * these.length, 1), () => {
        busy = false;
        appends++;
        const now = performance.now();
        for (const began of these) delays.push(now - began);
        flush();
      });
    };
    const timer = setInterval(() => {
      const elapsed = performance.now() - started;
      const due = Math.min(elapsed / 1000, seconds) * rate;
      while (arrived < due) waiting.push(started + (arrived++ * 1000) / rate);
      flush();
      if (elapsed < seconds * 1000 || busy) return;
      clearInterval(timer);
      resolve({ delays, appends: appends / seconds });
    }, 1);
  });
}

function print(name, bytes, rounds) {
  const appends = rounds.reduce((sum, round) => sum + round.appends, 0);
  const seconds = rounds.reduce((sum, round) => sum + round.ms, 0) / 1000;
  const { p50, p99 } = percentiles(rounds.flatMap(({ delays }) => delays));
  const rate = appends / seconds;
  const mebibytes = ((rate * bytes) / 1024 ** 2).toFixed(1);
  console.log(`| ${name} | ${bytes} | ${rate.toFixed(0)} | ${mebibytes} | ${p50} | ${p99} |`);
}

function percentiles(samples) {
  const sorted = Float64Array.from(samples).sort();
  const at = (part) => (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(2);
  return { p50: at(0.5), p99: at(0.99) };
}

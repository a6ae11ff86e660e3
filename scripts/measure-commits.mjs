// Times commits of the journal's log beside bare syncs, in turn on the same disk, and prints percentiles:
//   node scripts/measure-commits.mjs [--folder PATH] [--rounds 20] [--count 1000] [--bytes 500]
// Needs a build. Other work on the machine shows in all lines alike: compare lines, not runs.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LevelLog } from '@causeway/journal';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: tmpdir() },
    rounds: { type: 'string', default: '20' },
    count: { type: 'string', default: '1000' },
    bytes: { type: 'string', default: '500' },
  },
});
const count = Number(values.count);
const bytes = Number(values.bytes);
const PAGE = Buffer.alloc(4096, 1);

const folder = mkdtempSync(join(values.folder, 'causeway-commits-'));
const log = await LevelLog.open(join(folder, 'data'));
const subjects = [
  ['fdatasync, 4 KiB over the same place', () => bareSyncs(PAGE, 0)],
  ['fdatasync, 4 KiB appended', () => bareSyncs(PAGE, PAGE.length)],
  [`fdatasync, ${bytes} bytes appended`, () => bareSyncs(PAGE.subarray(0, bytes), bytes)],
  [`commits of ${bytes} bytes`, commits],
];
const samples = subjects.map(() => []);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [index, [, measure]] of subjects.entries()) samples[index].push(...(await measure()));
}
await log.close();
rmSync(folder, { recursive: true });

console.log('| what | p50 ms | p90 ms | p99 ms | p99.9 ms |');
console.log('|---|---|---|---|---|');
for (const [index, [name]] of subjects.entries()) {
  const sorted = Float64Array.from(samples[index]).sort();
  const at = (part) => sorted[Math.floor(sorted.length * part)].toFixed(3);
  console.log(`| ${name} | ${at(0.5)} | ${at(0.9)} | ${at(0.99)} | ${at(0.999)} |`);
}

/** Milliseconds that each of `count` synced writes takes, each `step` bytes behind the one before. */
function bareSyncs(data, step) {
  const file = openSync(join(folder, 'bare'), 'w');
  writeSync(file, PAGE);
  fdatasyncSync(file);
  const times = [];
  for (let index = 0; index < count; index++) {
    const started = performance.now();
    writeSync(file, data, 0, data.length, index * step);
    fdatasyncSync(file);
    times.push(performance.now() - started);
  }
  closeSync(file);
  return times;
}

/** Milliseconds that each of `count` commits takes, one after the other. */
async function commits() {
  const times = [];
  const value = Buffer.alloc(bytes, 1);
  for (let index = 0; index < count; index++) {
    const tail = log.tail;
    const batch = log.begin();
    batch.put(Buffer.from(`q${String(tail).padStart(10, '0')}`), value);
    const started = performance.now();
    await new Promise((resolve, reject) => {
      log.append(tail, batch, (error) => (error === null ? resolve() : reject(error)));
    });
    times.push(performance.now() - started);
  }
  return times;
}

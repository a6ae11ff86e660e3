import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LevelLog } from '@causeway/journal';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.js';
import { temporaryFolder } from './store-fixture.js';

const PADDING_BYTES = 1024 * 1024;

let folder: string;
let log: LevelLog;
let commit: number;

beforeEach(() => {
  folder = temporaryFolder();
  commit = 0;
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

test('the log of small commits grows in steps, so that most syncs need no more than their bytes', async () => {
  log = await LevelLog.open(folder);
  const sizes = new Set<number>();
  for (let times = 0; times < 1500; times++) {
    await append(Buffer.alloc(300, 1));
    sizes.add(logBytes());
  }
  // Some 360 bytes each: one padding, and the commits before it.
  expect(sizes.size).toBeLessThan(8 + 4);
  expect(logBytes()).toBeGreaterThan(1500 * 340);
  expect(logBytes()).toBeLessThan(1500 * 340 + 2 * PADDING_BYTES);
});

test('large commits are written once', async () => {
  log = await LevelLog.open(folder);
  for (let times = 0; times < 50; times++) await append(Buffer.alloc(10_000, 1));
  expect(logBytes()).toBeLessThan(50 * 10_200);
});

test('whatever the sizes of commits, all are there when the log is replayed', async () => {
  const random = new SeededRandom(4);
  // Full memory tables and so new logs are frequent.
  const options = { writeBufferSize: 64 * 1024 };
  log = await LevelLog.open(folder, options);
  const values: Buffer[] = [];
  for (let round = 0; round < 12; round++) {
    const bytesMax = random.pick([50, 400, 9000, 40_000]);
    for (let times = 0; times < 120; times++) {
      // Zeros at the end of a value are data, not padding.
      const value = Buffer.alloc(random.between(1, bytesMax), times % 3);
      values.push(value);
      await append(value);
    }
    await log.close();
    log = await LevelLog.open(folder, options);
    expectAll(values);
  }
});

function append(value: Buffer): Promise<void> {
  const batch = log.begin();
  batch.put(keyOf(commit), value);
  return new Promise((resolve, reject) => {
    log.append(commit++, batch, (error) => (error === null ? resolve() : reject(error)));
  });
}

function expectAll(values: readonly Buffer[]): void {
  expect(log.tail).toBe(values.length);
  for (const [index, value] of values.entries()) {
    expect(log.get(keyOf(index))?.equals(value), `commit ${index + 1}`).toBe(true);
  }
}

function keyOf(index: number): Buffer {
  return Buffer.from(`a${String(index).padStart(8, '0')}`);
}

function logBytes(): number {
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return Math.max(...logs.map((name) => statSync(join(folder, name)).size));
}

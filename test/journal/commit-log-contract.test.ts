import { rmSync } from 'node:fs';
import { BrokerError, SILENT_LOG } from '@causeway/core';
import { ReplicatedLog, type ShardLog, ShardReplica } from '@causeway/failover';
import { type CommitLog, type KeyRange, LevelLog, LevelState, MemoryLog } from '@causeway/journal';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimulatedLog } from '../failover/simulated-log.js';
import { SeededRandom } from '../support/seeded-random.js';
import { temporaryFolder } from './store-fixture.js';

interface LogFixture {
  open(): Promise<CommitLog>;
  /** Lets an append that was accepted come to its end. */
  settle(log: CommitLog): void;
  dispose(): void;
}

const KEY = Buffer.from('a key');
const VALUE = Buffer.from('a value');
const USER_KEYS: KeyRange = { from: Buffer.from('a'), below: Buffer.from('l') };

commitLogContract('memory', () => {
  let log: MemoryLog | null = null;
  return {
    async open() {
      log = log === null ? new MemoryLog() : log.crash(false);
      return log;
    },
    settle: () => log!.completeAppend(),
    dispose() {},
  };
});

commitLogContract('local', () => {
  const folder = temporaryFolder();
  return {
    open: () => LevelLog.open(folder),
    settle() {},
    dispose: () => rmSync(folder, { recursive: true }),
  };
});

commitLogContract('replicated', () => {
  const folder = temporaryFolder();
  const shardLog = new SimulatedLog();
  return {
    open: async () => {
      const state = await LevelState.open(folder);
      return await ledBy(shardLog.connect(), state);
    },
    settle() {},
    dispose: () => rmSync(folder, { recursive: true }),
  };
});

/** The log of a node that leads, for as long as it is open. */
async function ledBy(shardLog: ShardLog, state: LevelState): Promise<CommitLog> {
  const replica = await new Promise<ShardReplica>((resolve, reject) => {
    const leader = new ShardReplica({
      log: shardLog,
      state,
      clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
      random: new SeededRandom(1),
      schedule: (delayMs, callback) => {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
      node: 'node',
      endpoints: () => [],
      leaseMs: 60_000,
      listener: {
        activated: () => resolve(leader),
        deposed: (reason) => reject(new Error(reason)),
        failed: reject,
        outdated: () => {},
        followed: () => {},
      },
      onDurable: () => {},
      logger: SILENT_LOG,
    });
    leader.start();
  });
  const log = new ReplicatedLog(replica, state);
  const close = async () => {
    await new Promise<void>((resolve) => replica.handOver(null, resolve));
    replica.stop();
    await state.close();
  };
  return Object.assign(log, { close });
}

function commitLogContract(name: string, createFixture: () => LogFixture): void {
  describe(`commit log contract: ${name}`, () => {
    let fixture: LogFixture;
    let log: CommitLog;

    beforeEach(async () => {
      fixture = createFixture();
      log = await fixture.open();
    });

    afterEach(async () => {
      await log.close();
      fixture.dispose();
    });

    function start(expectedTail: number, key = KEY, value = VALUE): Promise<Error | null> {
      const batch = log.begin();
      batch.put(key, value);
      return new Promise((resolve) => log.append(expectedTail, batch, resolve));
    }

    function append(expectedTail: number, key = KEY, value = VALUE): Promise<Error | null> {
      const result = start(expectedTail, key, value);
      fixture.settle(log);
      return result;
    }

    async function reopen(): Promise<void> {
      await log.close();
      log = await fixture.open();
    }

    test('L1: commits are numbered from one without gaps', async () => {
      expect(log.tail).toBe(0);
      for (let commit = 1; commit <= 5; commit++) {
        expect(await append(commit - 1)).toBeNull();
        expect(log.tail).toBe(commit);
      }
      await reopen();
      expect(log.tail).toBe(5);
    });

    test('L2: what was reported is durable and readable', async () => {
      await append(0);
      expect(log.get(KEY)).toEqual(VALUE);
      await reopen();
      expect(log.get(KEY)).toEqual(VALUE);
      expect(log.get(Buffer.from('no key'))).toBeNull();
    });

    test('L3: of two appends with the same expectation at most one succeeds', async () => {
      const first = start(0, KEY, Buffer.from('first'));
      const second = start(0, KEY, Buffer.from('second'));
      fixture.settle(log);
      expect(await first).toBeNull();
      expect(await second).toMatchObject({ code: 'not-active' });
      expect(log.tail).toBe(1);
      expect(log.get(KEY)).toEqual(Buffer.from('first'));
    });

    test('L4: an append whose condition failed never appears', async () => {
      await append(0, KEY, Buffer.from('first'));
      for (const expectedTail of [0, 2, 17]) {
        const error = await append(expectedTail, KEY, Buffer.from('fenced'));
        expect(error).toBeInstanceOf(BrokerError);
      }
      expect(log.tail).toBe(1);
      await reopen();
      expect(log.get(KEY)).toEqual(Buffer.from('first'));
    });

    test('reports in a later turn', async () => {
      let reported = false;
      const batch = log.begin();
      batch.put(KEY, VALUE);
      log.append(7, batch, () => {
        reported = true;
      });
      expect(reported).toBe(false);
      await Promise.resolve();
      expect(reported).toBe(true);
    });

    test('copies keys and values at once, and counts them', async () => {
      const key = Buffer.from(KEY);
      const value = Buffer.from(VALUE);
      const batch = log.begin();
      batch.put(key, value);
      key.fill(0);
      value.fill(0);
      expect(batch.operations).toBe(1);
      expect(batch.bytes).toBe(KEY.length + VALUE.length);
      const done = new Promise((resolve) => log.append(0, batch, resolve));
      fixture.settle(log);
      expect(await done).toBeNull();
      expect(log.get(KEY)).toEqual(VALUE);
    });

    test('the last operation on a key in a batch wins', async () => {
      const batch = log.begin();
      batch.put(KEY, VALUE);
      batch.delete(KEY);
      batch.delete(Buffer.from('b'));
      batch.put(Buffer.from('b'), VALUE);
      const done = new Promise((resolve) => log.append(0, batch, resolve));
      fixture.settle(log);
      await done;
      expect(log.get(KEY)).toBeNull();
      expect(log.get(Buffer.from('b'))).toEqual(VALUE);
    });

    test('values belong to the reader', async () => {
      await append(0);
      log.get(KEY)!.fill(0);
      expect(log.get(KEY)).toEqual(VALUE);
    });

    test('scans ranges in the order of bytes, before the first append only', async () => {
      const keys = ['b', 'a\xff', 'a', 'b\x00', 'k', 'ab'];
      for (const [index, key] of keys.entries()) {
        await append(index, Buffer.from(key, 'latin1'), Buffer.from(key, 'latin1'));
      }
      await expect(log.scan(USER_KEYS, () => {})).rejects.toThrow('invariant');
      await expect(log.lastKey(USER_KEYS)).rejects.toThrow('invariant');
      await reopen();
      const found: string[] = [];
      await log.scan(USER_KEYS, (key, value) => {
        expect(key).toEqual(value);
        found.push(key.toString('latin1'));
      });
      expect(found).toEqual(['a', 'ab', 'a\xff', 'b', 'b\x00', 'k']);
      expect((await log.lastKey(USER_KEYS))!.toString()).toBe('k');
      const narrow = { from: Buffer.from('ab'), below: Buffer.from('b') };
      expect((await log.lastKey(narrow))!.toString('latin1')).toBe('a\xff');
      expect(await log.lastKey({ from: Buffer.from('c'), below: Buffer.from('d') })).toBeNull();
    });

    test('a visitor that throws ends the scan', async () => {
      await append(0);
      await reopen();
      const failing = log.scan(USER_KEYS, () => {
        throw new Error('enough');
      });
      await expect(failing).rejects.toThrow('enough');
    });

    test('takes batches of every size, again and again', async () => {
      for (let commit = 0; commit < 6; commit++) {
        const size = commit % 2 === 0 ? 10 : 9_000_000;
        expect(await append(commit, KEY, Buffer.alloc(size, commit))).toBeNull();
        expect(log.get(KEY)!.length).toBe(size);
      }
    });

    test('nothing is appended after the end', async () => {
      await append(0);
      await log.close();
      expect(await start(1)).toBeInstanceOf(BrokerError);
      log = await fixture.open();
      expect(log.tail).toBe(1);
    });
  });
}

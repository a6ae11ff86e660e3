import type { StoredEntry } from '@causeway/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Run, StoreFixture } from './store-fixture.js';
import { describeModel, describeRecovered, type ModelState } from './store-model.js';

/** What every store must do, whatever makes its commits durable. */
export function storeContract(name: string, createFixture: () => StoreFixture): void {
  describe(`store contract: ${name}`, () => {
    let fixture: StoreFixture;
    let run: Run;

    beforeEach(async () => {
      fixture = createFixture();
      run = await fixture.start();
    });

    afterEach(async () => {
      await fixture.end(run);
      await fixture.dispose();
    });

    async function restart(state: ModelState = run.model.state): Promise<Run> {
      await fixture.end(run);
      run = await fixture.start(state);
      return run;
    }

    function expectRecovered(): void {
      expect(describeRecovered(run.recovered)).toEqual(describeModel(run.model.state));
    }

    test('a new store is empty and counts its starts', async () => {
      expect(run.recovered.bootCount).toBe(1);
      expectRecovered();
      await fixture.flush(run);
      await restart();
      expect(run.recovered.bootCount).toBe(2);
      await fixture.flush(run);
      await restart();
      expect(run.recovered.bootCount).toBe(3);
    });

    test('a run that committed nothing leaves no trace', async () => {
      run.model.put(1, 'lost');
      await fixture.end(run);
      run = await fixture.start();
      expect(run.recovered.bootCount).toBe(1);
      expectRecovered();
    });

    test('numbers commits from one, one at a time, and reports each when it is durable', async () => {
      const { journal, model } = run;
      const before = journal.durableCommit;
      expect(journal.openCommit).toBe(before + 1);
      model.put(1, 'first');
      journal.commit();
      expect(journal.openCommit).toBe(before + 2);
      expect(journal.durableCommit).toBe(before);
      model.put(1, 'second');
      journal.commit();
      expect(journal.openCommit).toBe(before + 2);
      expect(journal.dirty).toBe(true);
      await fixture.flush(run);
      expect(journal.dirty).toBe(false);
      expect(run.durable).toEqual([before + 1, before + 2]);
    });

    test('accounts for the bytes that wait', async () => {
      await fixture.flush(run);
      expect(run.journal.pendingBytes).toBe(0);
      run.model.put(1, 'x'.repeat(1000));
      expect(run.journal.pendingBytes).toBeGreaterThan(1000);
      run.model.putDocument('binding', 1, 'y'.repeat(1000));
      expect(run.journal.pendingBytes).toBeGreaterThan(2000);
      await fixture.flush(run);
      expect(run.journal.pendingBytes).toBe(0);
    });

    test('keeps a message with all its envelope', async () => {
      const { journal, model } = run;
      const message = model.message('body é');
      message.priority = 9;
      message.expiresAt = 1_900_000_000_000;
      message.timestamp = 1_700_000_000_123;
      message.formatFlags = 0xa5;
      message.retain = true;
      message.annotations = new Map([
        ['reason', 'expired'],
        ['origin', 'queue://ä'.repeat(100)],
      ]);
      message.amendments = Buffer.from('added');
      model.state.queue(1).tail = 2;
      journal.putEntry(1, 1, message, true);
      await fixture.flush(run);
      const [entry] = await run.read(1, 1, 1);
      const read = entry!.message!;
      expect(entry).toMatchObject({ sequence: 1, bodyId: 0, bodyTargets: [], stale: false });
      expect(entry!.direct).toBe(true);
      expect(read.bytes.toString('utf8', read.start, read.end)).toBe('body é');
      expect(read.address).toBe(message.address);
      expect(read).toMatchObject({
        id: message.id,
        format: 2,
        durable: true,
        priority: 9,
        expiresAt: 1_900_000_000_000,
        timestamp: 1_700_000_000_123,
        formatFlags: 0xa5,
        retain: true,
        borrowed: false,
      });
      expect(read.annotations).toEqual(message.annotations);
      expect(read.amendments).toEqual(message.amendments);
    });

    test('keeps when a message may be delivered, and who sent it', async () => {
      const { journal, model } = run;
      const publishers = [77, 2 ** 32 - 1, 2 ** 40 + 3];
      model.putDocument('queue', 1, 'its owner');
      for (const [index, publisherId] of publishers.entries()) {
        const message = model.message(`body ${index}`, index !== 1);
        message.notBefore = 1_900_000_000_000 + index;
        message.publisherId = publisherId;
        if (index === 0) message.annotations = new Map([['name', 'value']]);
        journal.putEntry(1, index + 1, message, false);
      }
      await fixture.flush(run);
      const read = async () => {
        const entries = await run.read(1, 1, publishers.length);
        return entries.map(({ stale, message }) => ({
          stale,
          text: message!.bytes.toString('utf8', message!.start, message!.end),
          notBefore: message!.notBefore - 1_900_000_000_000,
          publisherId: message!.publisherId,
          annotations: message!.annotations?.size ?? 0,
        }));
      };
      const expected = publishers.map((publisherId, index) => ({
        stale: false,
        text: `body ${index}`,
        notBefore: index,
        publisherId,
        annotations: index === 0 ? 1 : 0,
      }));
      expect(await read()).toEqual(expected);
      await fixture.end(run);
      run = await fixture.start();
      // Connections of a former run are nobody's now, and what was not durable is gone.
      expected[2]!.publisherId = 0;
      expected[1]!.stale = true;
      expect(await read()).toEqual(expected);
    });

    test('keeps messages of every size', async () => {
      const sizes = [0, 1, 30, 64, 1000, 70_000, 2_000_000, 10];
      for (const size of sizes) run.model.put(1, 'z'.repeat(size));
      await fixture.flush(run);
      await restart();
      const entries = await run.read(1, 1, sizes.length);
      expect(entries.map(({ message }) => message!.size)).toEqual(sizes);
    });

    test('reads many entries in order, in a later turn', async () => {
      for (let index = 0; index < 300; index++) run.model.put(1, `message ${index}`);
      await fixture.flush(run);
      let early = true;
      const read = run.read(1, 11, 200).then((entries) => {
        expect(early).toBe(false);
        return entries;
      });
      early = false;
      const entries = await read;
      expect(entries.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 200 }, (_, index) => index + 11),
      );
    });

    test('a read of large messages ends early, with at least one', async () => {
      for (const size of [3_000_000, 600_000, 600_000, 10]) run.model.put(1, 'z'.repeat(size));
      await fixture.flush(run);
      const readOnce = (sequence: number, count: number) =>
        new Promise<StoredEntry[]>((resolve) => {
          const next = (from: number) => from;
          run.journal.readEntries(1, { first: sequence, below: 5, count, next }, resolve);
        });
      expect(await readOnce(1, 4)).toHaveLength(1);
      expect(await readOnce(2, 3)).toHaveLength(2);
      expect(await readOnce(4, 1)).toHaveLength(1);
    });

    test('a read passes over what is settled, also while it goes on', async () => {
      for (let index = 0; index < 200; index++) run.model.put(1, `${index}`);
      await fixture.flush(run);
      const settled = new Set<number>();
      const settle = (sequence: number) => {
        run.model.settle(1, sequence);
        settled.add(sequence);
      };
      for (let sequence = 1; sequence <= 10; sequence++) settle(sequence);
      for (let sequence = 21; sequence <= 150; sequence++) settle(sequence);
      await fixture.flush(run);
      const reading = new Promise<StoredEntry[]>((resolve) => {
        const next = (sequence: number): number => {
          if (sequence === 160) settle(161);
          return settled.has(sequence) ? next(sequence + 1) : sequence;
        };
        run.journal.readEntries(1, { first: 1, below: 190, count: 1000, next }, resolve);
      });
      const read = (await reading).map(({ sequence, message }) => [sequence, message !== null]);
      const wanted = Array.from({ length: 190 }, (_, sequence) => sequence).filter(
        (sequence) => (sequence > 10 && sequence < 21) || (sequence > 150 && sequence !== 161),
      );
      expect(read).toEqual(wanted.map((sequence) => [sequence, true]));
      expect(run.errors).toEqual([]);
    });

    test('recovers tails, watermarks, ranges, counts and dispatch marks', async () => {
      const { model } = run;
      for (let index = 0; index < 10; index++) model.put(1, `one ${index}`);
      model.put(2, 'two');
      await fixture.flush(run);
      for (const sequence of [1, 2, 9, 5, 6, 4]) model.settle(1, sequence);
      model.deliveryFailed(1, 3);
      model.deliveryFailed(1, 3);
      model.deliveryFailed(1, 7);
      model.dispatched(1, 9);
      await fixture.flush(run);
      await restart();
      expectRecovered();
      expect(run.recovered.queues.get(1)).toEqual({
        tail: 11,
        watermark: 3,
        settledRanges: [4, 6, 9, 9],
        deliveryCounts: [3, 2, 7, 1],
        dispatchedBelow: 9,
      });
    });

    test('a drained queue keeps its tail, so that no sequence is used twice', async () => {
      run.model.put(1, 'a');
      run.model.put(1, 'b');
      await fixture.flush(run);
      run.model.settle(1, 1);
      run.model.settle(1, 2);
      await fixture.flush(run);
      for (let times = 0; times < 8; times++) {
        await restart();
        expect(run.recovered.queues.get(1)).toMatchObject({ tail: 3, watermark: 3 });
        run.model.put(2, 'other');
        await fixture.flush(run);
      }
    });

    test('a body that queues share is stored once, with its targets', async () => {
      const bodyId = run.model.putShared([1, 2, 3], 'shared');
      await fixture.flush(run);
      await restart();
      const [entry] = await run.read(2, 1, 1);
      expect(entry).toMatchObject({ bodyId, bodyTargets: [1, 1, 2, 1, 3, 1] });
      expect(entry!.message!.id).toBe(bodyId);
      for (const queueId of [1, 2, 3]) run.model.settle(queueId, 1);
      await fixture.flush(run);
      await restart();
      expectRecovered();
      expect((await run.read(1, 1, 1))[0]!.message).toBeNull();
    });

    test('a message that need not survive is stale after a restart, by itself or shared', async () => {
      run.model.put(1, 'durable', true);
      run.model.put(1, 'transient', false);
      const message = run.model.message('transient shared', false);
      run.model.state.queue(1).tail = 4;
      run.journal.putBody(message, [1, 3]);
      run.journal.putReference(1, 3, message.id, false);
      await fixture.flush(run);
      const stale = async () => (await run.read(1, 1, 3)).map((entry) => entry.stale);
      expect(await stale()).toEqual([false, false, false]);
      await restart();
      expect(await stale()).toEqual([false, true, true]);
    });

    test('the last version of a document wins, within a commit and across', async () => {
      const { model } = run;
      model.putDocument('queue', 1, 'a');
      model.putDocument('queue', 1, 'b');
      model.putDocument('binding', 1, 'other kind');
      model.putDocument('session', 0xffffffff, 'high id');
      await fixture.flush(run);
      model.putDocument('queue', 1, 'c');
      model.putDocument('queue', 2, '');
      await fixture.flush(run);
      await restart();
      expectRecovered();
    });

    test('a deleted document stays deleted, and may come back', async () => {
      const { model } = run;
      model.putDocument('queue', 1, 'a');
      model.putDocument('queue', 2, 'b');
      model.deleteDocument('queue', 3);
      model.putDocument('queue', 4, 'never seen');
      model.deleteDocument('queue', 4);
      await fixture.flush(run);
      model.deleteDocument('queue', 1);
      model.deleteDocument('queue', 2);
      await fixture.flush(run);
      await restart();
      expectRecovered();
      run.model.putDocument('queue', 1, 'again');
      run.model.deleteDocument('queue', 2);
      await fixture.flush(run);
      await restart();
      expectRecovered();
    });

    test('many deleted documents are replaced by a census', async () => {
      for (let id = 1; id <= 1500; id++) run.model.putDocument('session', id, `session ${id}`);
      await fixture.flush(run);
      for (let id = 1; id <= 1400; id++) run.model.deleteDocument('session', id);
      await fixture.flush(run);
      await restart();
      expectRecovered();
      for (let id = 1501; id <= 2600; id++) run.model.putDocument('session', id, 'later');
      run.model.putDocument('session', 7, 'back');
      await fixture.flush(run);
      for (let id = 1500; id <= 2600; id++) run.model.deleteDocument('session', id);
      await fixture.flush(run);
      await restart();
      expectRecovered();
    });

    test('retained messages come back whole', async () => {
      const message = run.model.message('retained');
      message.retain = true;
      run.journal.putRetained(5, message);
      await fixture.flush(run);
      await fixture.end(run);
      run = await fixture.start();
      const read = run.journal.decodeRetained(run.recovered.documents.retained.get(5)!);
      expect(read.address.uri).toBe(message.address.uri);
      expect(read.retain).toBe(true);
      expect(read.bytes.toString('utf8', read.start, read.end)).toBe('retained');
    });

    test('slots of sessions are kept, changed and deleted', async () => {
      const { model } = run;
      model.putSlot(1, 1, 'one');
      model.putSlot(1, 2, 'two');
      model.putSlot(2, 1, '');
      await fixture.flush(run);
      model.putSlot(1, 1, 'changed');
      model.putSlot(1, 2, null);
      model.putSlot(1, 65_535, 'new');
      await fixture.flush(run);
      await restart();
      expectRecovered();
    });

    test('checkpoints replace deltas, over many intervals and restarts', async () => {
      for (let round = 0; round < 60; round++) {
        const { model } = run;
        const queueId = (round % 3) + 1;
        const first = model.put(queueId, `a ${round}`);
        model.put(queueId, `b ${round}`);
        model.putSlot(7, round % 5, `slot ${round}`);
        await fixture.flush(run);
        model.settle(queueId, first);
        model.deliveryFailed(queueId, first + 1);
        await fixture.flush(run);
        if (round % 13 !== 12) continue;
        await restart();
        expectRecovered();
      }
    });

    test('what is deleted loses its checkpoint', async () => {
      const { model } = run;
      model.put(1, 'gone');
      model.putSlot(5, 1, 'gone');
      model.putDocument('queue', 1, 'queue');
      model.putDocument('session', 5, 'session');
      await fixture.flush(run);
      await otherCommits(6);
      model.settle(1, 1);
      model.deleteDocument('queue', 1);
      model.deleteDocument('session', 5);
      await otherCommits(6);
      await restart();
      expectRecovered();
    });

    async function otherCommits(count: number): Promise<void> {
      for (let index = 0; index < count; index++) {
        run.model.put(2, 'other');
        await fixture.flush(run);
      }
    }
  });
}

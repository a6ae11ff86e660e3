import { type AppendResult, LogTrimmedError, type ShardLog } from '@causeway/failover';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CollectingReader } from './collecting-reader.js';

/** An engine under test, and what can be done to it. */
export interface ShardLogEngine {
  /** Whether several writers and readers can be connected at once; else one at a time. */
  readonly shared: boolean;
  /** A client of the log; the first call starts the engine on an empty log. */
  connect(): Promise<ShardLog>;
  /** Stops the engine in order and starts it again. Clients of before are of no use. */
  restart(): Promise<void>;
  /** As `restart`, but without warning: nothing that is under way gets the time to end. */
  crash(): Promise<void>;
  /** Stops the engine, and leaves nothing behind. */
  dispose(): Promise<void>;
}

const LARGE_BYTES = 300_000;

/** What every engine keeps to, by the names in `ShardLog`. */
export function shardLogContract(name: string, start: () => Promise<ShardLogEngine>): void {
  describe(`shard log contract: ${name}`, () => {
    let engine: ShardLogEngine;
    let log: ShardLog;
    let clients: ShardLog[];

    beforeEach(async () => {
      engine = await start();
      clients = [];
      log = await connect();
    });

    afterEach(async () => {
      for (const client of clients) await client.close();
      await engine.dispose();
    });

    async function connect(): Promise<ShardLog> {
      const client = await engine.connect();
      clients.push(client);
      return client;
    }

    /** Another client where the engine has several, the same one where it does not. */
    function another(): Promise<ShardLog> {
      return engine.shared ? connect() : Promise.resolve(log);
    }

    function append(expectedTail: number, text: string, client = log): Promise<AppendResult> {
      return appendBytes(expectedTail, Buffer.from(text), client);
    }

    function appendBytes(expectedTail: number, bytes: Buffer, client = log): Promise<AppendResult> {
      return new Promise((resolve) => client.append(expectedTail, bytes, resolve));
    }

    async function fill(count: number): Promise<void> {
      for (let tail = 0; tail < count; tail++) {
        expect(await append(tail, `record ${tail + 1}`)).toEqual({ outcome: 'ok' });
      }
    }

    /** @param ended runs once the engine of before is no more */
    async function again(how: 'restart' | 'crash', ended = () => {}): Promise<void> {
      const before = clients;
      clients = [];
      if (how === 'restart') for (const client of before) await client.close();
      await engine[how]();
      ended();
      for (const client of before) await client.close();
      log = await connect();
    }

    /** The whole log, or its records from one on. */
    async function contents(from?: number): Promise<string[]> {
      const first = from ?? (await log.first());
      const count = (await log.tail()) + 1 - first;
      const reader = new CollectingReader(log, first);
      await reader.take(count);
      reader.reading.stop();
      expect(reader.sequences).toEqual(Array.from({ length: count }, (_, index) => first + index));
      return reader.texts;
    }

    test('says what it is capable of', () => {
      const { domain, recordBytesMax } = log.capabilities;
      expect(['process', 'host', 'zone', 'region']).toContain(domain);
      expect(recordBytesMax).toBeGreaterThanOrEqual(1024 * 1024);
    });

    test('an empty log', async () => {
      expect([await log.tail(), await log.first()]).toEqual([0, 1]);
      await again('restart');
      expect([await log.tail(), await log.first()]).toEqual([0, 1]);
    });

    test('L1: sequences count from one, without gaps', async () => {
      await fill(20);
      expect([await log.tail(), await log.first()]).toEqual([20, 1]);
      const texts = Array.from({ length: 20 }, (_, index) => `record ${index + 1}`);
      expect(await contents()).toEqual(texts);
      expect(await contents(18)).toEqual(texts.slice(17));
      await again('restart');
      expect(await contents()).toEqual(texts);
      expect(await append(20, 'more')).toEqual({ outcome: 'ok' });
      expect(await contents(20)).toEqual(['record 20', 'more']);
    });

    test('L2: what was ok is there after a crash', async () => {
      await fill(12);
      await again('crash');
      expect(await log.tail()).toBeGreaterThanOrEqual(12);
      expect((await contents()).slice(0, 12).at(-1)).toBe('record 12');
    });

    test('L3: of many appends with one expectation exactly one is ok', async () => {
      await fill(3);
      const writers = [log, await another(), await another()];
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, index) => {
          return append(3, `writer ${index}`, writers[index % writers.length]);
        }),
      );
      const winners = results.flatMap(({ outcome }, index) => (outcome === 'ok' ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(results.filter(({ outcome }) => outcome === 'fenced')).toHaveLength(29);
      expect(await contents(4)).toEqual([`writer ${winners[0]}`]);
    });

    test('L3: writers that race get one record into each place', async () => {
      const writers = [log, await another(), await another()];
      const won: string[] = [];
      const race = async (writer: ShardLog, name: string): Promise<void> => {
        let tail = 0;
        for (let wins = 0; wins < 15; ) {
          const text = `${name}.${wins}`;
          const result = await append(tail, text, writer);
          if (result.outcome === 'unknown') throw result.cause;
          if (result.outcome === 'ok') {
            expect(won[tail]).toBeUndefined();
            won[tail] = text;
            wins++;
          }
          tail = result.outcome === 'ok' ? tail + 1 : result.tail;
        }
      };
      await Promise.all(writers.map((writer, index) => race(writer, `writer ${index}`)));
      expect(await contents()).toEqual(won);
    });

    test('L4: what was fenced never appears, and its writer learns the tail', async () => {
      await fill(3);
      for (const expectedTail of [0, 2, 4, 1000]) {
        expect(await append(expectedTail, 'fenced')).toEqual({ outcome: 'fenced', tail: 3 });
      }
      expect(await log.tail()).toBe(3);
      await again('crash');
      expect(await log.tail()).toBe(3);
      expect(await append(3, 'record 4')).toEqual({ outcome: 'ok' });
      expect(await contents(3)).toEqual(['record 3', 'record 4']);
    });

    test('L5: what is unknown is right after its expected tail or nowhere', async () => {
      await fill(2);
      const answers: string[] = [];
      let wasOk = false;
      log.append(2, Buffer.from('perhaps'), ({ outcome }) => answers.push(outcome));
      await again('crash', () => {
        wasOk = answers.includes('ok');
      });
      const tail = await log.tail();
      expect(wasOk ? [3] : [2, 3]).toContain(tail);
      if (tail === 3) expect(await contents(3)).toEqual(['perhaps']);
      // A later ok settles it.
      expect(await append(tail, 'after')).toEqual({ outcome: 'ok' });
      const settled = await contents(3);
      expect(settled).toEqual(tail === 3 ? ['perhaps', 'after'] : ['after']);
      await again('restart');
      expect(await contents(3)).toEqual(settled);
    });

    test('L6: readers follow the log, and see what was ok', async () => {
      await fill(2);
      const readers = [
        new CollectingReader(log, 1),
        new CollectingReader(await another(), 3),
        new CollectingReader(log, 2),
      ];
      for (let tail = 2; tail < 10; tail++) await append(tail, `record ${tail + 1}`);
      const all = Array.from({ length: 10 }, (_, index) => `record ${index + 1}`);
      for (const [index, from] of [1, 3, 2].entries()) {
        await readers[index]!.take(11 - from);
        expect(readers[index]!.texts).toEqual(all.slice(from - 1));
        expect(readers[index]!.cause).toBeNull();
        readers[index]!.reading.stop();
      }
    });

    test('L7: the tail is never below what was ok, whoever asks', async () => {
      const other = await another();
      for (let tail = 0; tail < 8; tail++) {
        await append(tail, 'x');
        expect(await other.tail()).toBe(tail + 1);
      }
    });

    test('L8: trimming touches nothing above its argument', async () => {
      await fill(10);
      await log.trim(4);
      expect([await log.first(), await log.tail()]).toEqual([5, 10]);
      expect((await contents())[0]).toBe('record 5');
      await log.trim(2);
      expect(await log.first()).toBe(5);
      await again('crash');
      expect([await log.first(), await log.tail()]).toEqual([5, 10]);
      expect((await contents()).length).toBe(6);
    });

    test('L8: a log that was trimmed altogether goes on where it was', async () => {
      await fill(5);
      await log.trim(5);
      expect([await log.first(), await log.tail()]).toEqual([6, 5]);
      await again('crash');
      expect([await log.first(), await log.tail()]).toEqual([6, 5]);
      await log.trim(99);
      expect([await log.first(), await log.tail()]).toEqual([6, 5]);
      expect(await append(0, 'x')).toEqual({ outcome: 'fenced', tail: 5 });
      expect(await append(5, 'record 6')).toEqual({ outcome: 'ok' });
      await again('restart');
      expect(await contents()).toEqual(['record 6']);
    });

    test('reading what was trimmed ends with what is kept', async () => {
      await fill(5);
      await log.trim(3);
      const reader = new CollectingReader(log, 3);
      const cause = await reader.end();
      expect(cause).toBeInstanceOf(LogTrimmedError);
      expect((cause as LogTrimmedError).first).toBe(4);
      expect(reader.records).toEqual([]);
    });

    test('reading beyond the end is the sign of a log that was rewound', async () => {
      await fill(2);
      const cause = await new CollectingReader(log, 4).end();
      expect(cause).toMatchObject({ code: 'storage-corrupt' });
    });

    test('answers and records come in later turns', async () => {
      const events: string[] = [];
      const done = new Promise<void>((resolve) => {
        log.append(0, Buffer.from('one'), () => {
          events.push('ok');
          resolve();
        });
      });
      log.append(7, Buffer.from('x'), ({ outcome }) => events.push(outcome));
      events.push('called');
      await done;
      await append(1, 'two');
      expect(events).toEqual(['called', 'ok', 'fenced']);
      let reading = false;
      const reader = new Promise<void>((resolve) => {
        log.read(1, {
          record: () => {
            expect(reading).toBe(true);
            resolve();
          },
          ended: () => {},
        });
      });
      reading = true;
      await reader;
    });

    test('chained appends are answered in their order', async () => {
      const order: number[] = [];
      const results = Array.from({ length: 20 }, (_, index) => {
        return append(index, `chained ${index + 1}`).then(({ outcome }) => {
          order.push(index);
          return outcome;
        });
      });
      expect(new Set(await Promise.all(results))).toEqual(new Set(['ok']));
      expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
      expect((await contents()).at(-1)).toBe('chained 20');
    });

    test('one that fails takes those chained to it along', async () => {
      await fill(1);
      const results = await Promise.all([append(1, 'a'), append(3, 'b'), append(4, 'c')]);
      expect(results.map(({ outcome }) => outcome)).toEqual(['ok', 'fenced', 'fenced']);
      expect(await contents(2)).toEqual(['a']);
    });

    test('bytes belong to who reads them, and to the writer again afterwards', async () => {
      const bytes = Buffer.from('original');
      const live = new CollectingReader(log, 1);
      await appendBytes(0, bytes);
      bytes.fill(0);
      const [record] = await live.take(1);
      record!.bytes.fill(1);
      expect(await contents()).toEqual(['original']);
    });

    test('records of every size up to the largest', async () => {
      const sizes = [1, 20, 5000, LARGE_BYTES, log.capabilities.recordBytesMax, 7];
      const record = (index: number): Buffer => Buffer.alloc(sizes[index]!, index + 1);
      const live = new CollectingReader(await another(), 1);
      for (let index = 0; index < sizes.length; index++) {
        expect(await appendBytes(index, record(index))).toEqual({ outcome: 'ok' });
      }
      const late = new CollectingReader(log, 1);
      for (const reader of [live, late]) {
        const records = await reader.take(sizes.length);
        for (const [index, { bytes }] of records.entries()) {
          expect(bytes.equals(record(index)), `record ${index + 1}`).toBe(true);
        }
      }
    });

    test('a paused reader gets nothing, and then everything', async () => {
      const reader = new CollectingReader(log, 1);
      const witness = new CollectingReader(log, 1);
      await append(0, 'first');
      await reader.take(1);
      reader.reading.pause();
      for (let tail = 1; tail < 40; tail++) await appendBytes(tail, Buffer.alloc(20_000, tail));
      await witness.take(40);
      expect(reader.sequences).toEqual([1]);
      reader.reading.resume();
      await reader.take(40);
      expect(reader.sequences).toEqual(witness.sequences);
    });

    test('a reader can stop in the middle of what it is given', async () => {
      await fill(5);
      const got: number[] = [];
      const reading = log.read(1, {
        record(sequence) {
          got.push(sequence);
          if (sequence === 2) reading.stop();
        },
        ended() {
          got.push(-1);
        },
      });
      await contents();
      await append(5, 'more');
      expect(got).toEqual([1, 2]);
    });

    test('closing ends readings, and nothing is appended afterwards', async () => {
      await fill(1);
      const reader = new CollectingReader(log, 2);
      await log.close();
      expect(await reader.end()).toMatchObject({ code: 'shutting-down' });
      expect((await append(1, 'late')).outcome).toBe('unknown');
      await expect(log.tail()).rejects.toMatchObject({ code: 'shutting-down' });
      await log.close();
      await again('restart');
      expect(await log.tail()).toBe(1);
    });
  });
}

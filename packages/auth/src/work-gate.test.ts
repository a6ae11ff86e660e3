import { describe, expect, test } from 'vitest';
import { WorkGate } from './work-gate.js';

/** Work that ends when the test says so. */
function openWork(): { work: () => Promise<string>; end(): void; started: boolean } {
  let resolve: (value: string) => void = () => {};
  const promise = new Promise<string>((done) => {
    resolve = done;
  });
  const handle = {
    started: false,
    work: () => {
      handle.started = true;
      return promise;
    },
    end: () => resolve('done'),
  };
  return handle;
}

describe('WorkGate', () => {
  test('runs a few at once and the rest in order', async () => {
    const gate = new WorkGate(1, 10);
    const first = openWork();
    const second = openWork();
    const third = openWork();
    const results = [
      gate.run('a', first.work),
      gate.run('b', second.work),
      gate.run('c', third.work),
    ];
    expect([first.started, second.started, third.started]).toEqual([true, false, false]);
    first.end();
    await results[0];
    await Promise.resolve();
    expect([second.started, third.started]).toEqual([true, false]);
    second.end();
    third.end();
    expect(await Promise.all(results)).toEqual(['done', 'done', 'done']);
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });

  test('refuses when too many wait', async () => {
    const gate = new WorkGate(1, 2);
    const running = openWork();
    const results = ['a', 'b', 'c'].map((origin) => gate.run(origin, running.work));
    await expect(gate.run('d', running.work)).rejects.toMatchObject({ code: 'server-busy' });
    running.end();
    await Promise.all(results);
  });

  test('keeps places for others when one origin floods it', async () => {
    const gate = new WorkGate(1, 4);
    const running = openWork();
    const results = [1, 2, 3].map(() => gate.run('flood', running.work));
    await expect(gate.run('flood', running.work)).rejects.toMatchObject({ code: 'server-busy' });
    results.push(gate.run('other', running.work));
    running.end();
    await Promise.all(results);
    await expect(gate.run('flood', running.work)).resolves.toBe('done');
  });

  test('goes on after work that fails', async () => {
    const gate = new WorkGate(1, 1);
    const failing = gate.run('a', () => Promise.reject(new Error('no')));
    const next = gate.run('b', () => Promise.resolve(2));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe(2);
  });
});

import { test } from 'vitest';
import { SeededRandom } from '../../support/seeded-random.js';

const REPLAY_MS = 600_000;

/**
 * Runs a case for one seed after another: `count` of them, or `CAUSEWAY_FUZZ_RUNS` that nobody has
 * tried before. The seed of a failure is told; `CAUSEWAY_SEED` runs that one only.
 * @param share of `CAUSEWAY_FUZZ_RUNS`, for cases that take longer than others
 */
export function fuzz(
  name: string,
  count: number,
  run: (random: SeededRandom) => void | Promise<void>,
  share = 1,
): void {
  const { first, runs } = seeds(count, share);
  test(
    `${name}, ${runs} seeds from ${first}`,
    async () => {
      for (let seed = first; seed < first + runs; seed++) {
        try {
          await run(new SeededRandom(seed));
        } catch (error) {
          throw new Error(`${name}: seed ${seed} fails; CAUSEWAY_SEED=${seed} replays it`, {
            cause: error,
          });
        }
      }
    },
    // Long runs are as long as they were asked to be.
    process.env.CAUSEWAY_FUZZ_RUNS === undefined ? REPLAY_MS : 24 * 3_600_000,
  );
}

function seeds(count: number, share: number): { first: number; runs: number } {
  const { CAUSEWAY_SEED, CAUSEWAY_FUZZ_RUNS } = process.env;
  if (CAUSEWAY_SEED !== undefined) return { first: Number(CAUSEWAY_SEED), runs: 1 };
  if (CAUSEWAY_FUZZ_RUNS === undefined) return { first: 1, runs: count };
  const runs = Math.max(1, Math.round(Number(CAUSEWAY_FUZZ_RUNS) * share));
  return { first: Date.now() % 2 ** 31, runs };
}

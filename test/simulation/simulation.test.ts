import { expect, it } from 'vitest';
import { World } from './world.js';

const SEEDS = Number(process.env.CAUSEWAY_SEEDS ?? 3000);
const FIRST_SEED = Number(process.env.CAUSEWAY_SEED ?? 1);
const STEPS = 200;

it(`keeps every promise over ${SEEDS} seeded runs that crash at any commit`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    try {
      await new World(seed).run(STEPS);
    } catch (error) {
      const replay = `CAUSEWAY_SEED=${seed} CAUSEWAY_SEEDS=1 npx vitest run test/simulation`;
      throw new Error(`seed ${seed} breaks a promise; replay with: ${replay}`, { cause: error });
    }
  }
  expect(SEEDS).toBeGreaterThan(0);
}, 600_000);

import { expect, test } from 'vitest';
import { SimulatedWorld } from './simulated-world.js';

const SEEDS = Number(process.env.CAUSEWAY_FUZZ_RUNS ?? 500);
const STEPS = 250;

test.each([
  [2, 1],
  [2, 2],
  [2, 3],
  [3, 4],
])(
  'whatever happens to %i nodes and their log, nothing confirmed is lost (%i)',
  async (nodes, part) => {
    let commits = 0;
    let epochs = 0;
    for (let seed = part * 1_000_000; seed < part * 1_000_000 + SEEDS; seed++) {
      const world = new SimulatedWorld(seed, { nodes });
      try {
        for (let step = 0; step < STEPS; step++) await world.step();
        await world.heal();
        world.checkEnd();
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      commits += world.nodes.flatMap((node) => node.commits).length;
      epochs += Math.max(...world.nodes.map((node) => node.run?.replica.epoch ?? 0));
    }
    // A simulation in which nothing happens proves nothing.
    expect(commits / SEEDS).toBeGreaterThan(5);
    expect(epochs / SEEDS).toBeGreaterThan(2);
  },
);

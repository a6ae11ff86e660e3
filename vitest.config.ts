import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Tests run from source: the packages resolve to their `src`, so that no stale build is tested.
const alias = [{ find: /^@causeway\/(.*)$/, replacement: root('packages/$1/src/index.ts') }];

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      // The same tests with new seeds, and many more of them; `system` runs a fixed few.
      {
        extends: true,
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          env: { CAUSEWAY_FUZZ_RUNS: process.env.CAUSEWAY_FUZZ_RUNS ?? '10000' },
        },
      },
    ],
  },
});

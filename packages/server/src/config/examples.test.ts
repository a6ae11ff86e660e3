import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadConfig } from './config.js';
import { ConfigError } from './config-problem.js';

const example = (name: string) =>
  fileURLToPath(new URL(`../../../../config/${name}`, import.meta.url));

test('the stock file says what the defaults are', async () => {
  const { config, warnings } = await loadConfig({ file: example('causeway.yaml') });
  const { config: defaults } = await loadConfig({});
  expect(warnings).toEqual([]);
  expect({ ...config, policies: [] }).toEqual({ ...defaults, policies: [] });
});

test.each(['tls.yaml', 'hardened.yaml'])(
  '%s is right, but for the files it names',
  async (name) => {
    const error = await loadConfig({ file: example(name) }).catch((caught) => caught);
    expect(error).toBeInstanceOf(ConfigError);
    for (const problem of (error as ConfigError).problems) {
      expect(problem).toMatch(/tls\.(cert|key|ca): cannot be read: ENOENT/);
    }
  },
);

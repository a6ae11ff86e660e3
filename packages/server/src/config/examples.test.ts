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

test.each(['region.yaml', 'front.yaml'])('pair/%s is right', async (name) => {
  const { config, warnings } = await loadConfig({ file: example(`pair/${name}`) });
  expect(config.multiAz?.cluster).toBe('orders');
  expect(warnings.filter((warning) => !warning.endsWith('there is no user'))).toEqual([]);
});

test('pair/node-a.yaml is right, and belongs to the others', async () => {
  const { config, warnings } = await loadConfig({ file: example('pair/node-a.yaml'), alone: true });
  const { config: front } = await loadConfig({ file: example('pair/front.yaml') });
  expect(warnings).toEqual([]);
  expect(config.multiAz?.nodes).toEqual(front.multiAz?.nodes);
  expect(config.failover).toMatchObject({ cluster: 'orders', region: front.multiAz?.region });
});

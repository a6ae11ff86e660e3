import { readFileSync } from 'node:fs';
import { ConfigError, loadConfig } from '@causeway/server';
import { expect } from 'vitest';
import type { SeededRandom } from '../support/seeded-random.js';
import { fuzz } from './support/fuzz.js';
import { mutate } from './support/mutate.js';

const STOCK = readFileSync(new URL('../../config/causeway.yaml', import.meta.url));
const MORE = Buffer.from(`
limits: { frameBytesMax: 1MiB, handshakeTimeoutMs: 5s, __proto__: 3 }
policies: [ { destination: "queue://>", maxDeliveries: 6 } ]
authorization: [ { destination: "topic://a.*", read: [x] } ]
a: &a [*a, *a]
`);
/** Lines of both, so that changes meet what matters. */
const LINES = Buffer.concat([STOCK, MORE])
  .toString()
  .split('\n')
  .map((line) => Buffer.from(`${line}\n`));
const KEYS = ['listeners', 'limits.frameBytesMax', 'users.0.name', '__proto__.a', 'node', ''];

fuzz('a broken configuration is a ConfigError, never a crash', 500, async (random) => {
  const source = Buffer.concat(mutate(LINES, random, random.between(0, 6))).toString();
  const sets = random.chance(0.5) ? [set(random)] : [];
  try {
    const { config } = await loadConfig({ source, sets });
    expect(config.listeners).toBeInstanceOf(Array);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message.length).toBeGreaterThan(0);
  }
  expect(({} as { a?: unknown }).a, 'no object was given keys from outside').toBeUndefined();
});

function set(random: SeededRandom): string {
  const value = Buffer.concat(mutate([Buffer.from('[{ "a": 1 }]')], random, 2));
  return `${random.pick(KEYS)}=${value.toString()}`;
}

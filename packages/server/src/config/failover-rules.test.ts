import { describe, expect, test } from 'vitest';
import { loadConfig } from './config.js';
import type { ConfigError } from './config-problem.js';

/** What is wrong, without its place. */
async function problemsOf(...sets: string[]): Promise<string[]> {
  const error = await loadConfig({ sets }).catch((caught: ConfigError) => caught);
  if (!('problems' in error)) return [];
  return error.problems.map((problem) => problem.slice(problem.lastIndexOf('failover.')));
}

describe('the section failover', () => {
  test('is left out, unless a broker is a node', async () => {
    expect((await loadConfig({})).config.failover).toBeUndefined();
    const { config } = await loadConfig({ sets: ['failover={}', 'node.name=az-a'] });
    expect(config.failover).toEqual({
      cluster: 'causeway',
      region: { host: '127.0.0.1', port: 7801 },
      lease: 2000,
      appendTimeout: 1000,
      retry: 200,
      members: 2,
      standby: 'redirect',
      advertise: [],
    });
  });

  test.each<[string, string[], string]>([
    [
      'a lease that a pause would end',
      ['lease=499ms', 'appendTimeout=100ms'],
      'failover.lease: 499 ms is too short: it must be 500 ms at least',
    ],
    [
      'an answer that may take longer than the lease',
      ['appendTimeout=3s'],
      'failover.appendTimeout: must be shorter than the lease, which is 2000 ms',
    ],
    ['a busy loop', ['retry=1ms'], 'failover.retry: must be 10 ms at least'],
    ['a cluster without a name', ['cluster='], 'failover.cluster: cannot be empty'],
    [
      'a region that the node binds itself',
      ['region.port=1883'],
      'failover.region.port: 1883 is bound by this broker itself',
    ],
    ['no members', ['members=0'], 'failover.members: must be a whole number from 1 to 16'],
    [
      'an address without a port',
      ['advertise=[{ name: mqtt, address: broker-1 }]'],
      'failover.advertise[0].address: must be an address with its port, such as broker-1.example:1883',
    ],
    [
      'an address twice',
      ['advertise=[{ name: mqtt, address: "a:1" }, { name: mqtt, address: "[::1]:1" }]'],
      'failover.advertise[1].name: mqtt occurs twice',
    ],
  ])('refuses %s', async (_name, sets, problem) => {
    expect(await problemsOf(...sets.map((set) => `failover.${set}`))).toEqual([problem]);
  });

  test('needs a name of the node', async () => {
    expect(await problemsOf('failover={}', 'node.name=')).toHaveLength(1);
  });
});

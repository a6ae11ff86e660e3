import { describe, expect, test } from 'vitest';
import { loadConfig } from './config.js';
import type { ConfigError } from './config-problem.js';

async function problemsOf(...sets: string[]): Promise<string[]> {
  const error = await loadConfig({ sets }).catch((caught: ConfigError) => caught);
  if (!('problems' in error)) return [];
  return error.problems.map((problem) => problem.slice(problem.lastIndexOf('multiAz.')));
}

const nodes = (...items: string[]) => `multiAz.nodes=[${items.join(', ')}]`;
const A = '{ name: az-a, portOffset: 100 }';
const B = '{ name: az-b, portOffset: 200 }';

describe('the section multiAz', () => {
  test('has two nodes and a region unless it says otherwise', async () => {
    expect((await loadConfig({})).config.multiAz).toBeUndefined();
    const { config, warnings } = await loadConfig({ sets: ['multiAz={}'] });
    expect(warnings).toEqual([]);
    expect(config.multiAz).toMatchObject({
      cluster: 'causeway',
      nodes: [
        { name: 'az-a', portOffset: 100 },
        { name: 'az-b', portOffset: 200 },
      ],
      region: { host: '127.0.0.1', port: 7801 },
      frontWait: 5000,
    });
  });

  test.each<[string, string[], string[]]>([
    ['one node', [nodes(A)], ['multiAz.nodes: must be two nodes at least']],
    [
      'two nodes with one name',
      [nodes(A, '{ name: az-a, portOffset: 200 }')],
      ['multiAz.nodes[1].name: two nodes are called az-a'],
    ],
    [
      'names that are no folders',
      [nodes(A, '{ name: ../b, portOffset: 200 }')],
      ['multiAz.nodes[1].name: must be letters, digits, ".", "_" and "-"'],
    ],
    [
      'the name of another part',
      [nodes(A, '{ name: region, portOffset: 200 }')],
      ['multiAz.nodes[1].name: region is what another part is called'],
    ],
    [
      'two nodes with one offset',
      [nodes(A, '{ name: az-b, portOffset: 100 }')],
      ['multiAz.nodes[1].portOffset: az-a has the offset 100 too: give each its own'],
    ],
    [
      'a port of the front',
      [nodes(A, '{ name: az-b, portOffset: 1 }'), 'listeners[3].port=61612'],
      [
        'multiAz.nodes[1].portOffset: listeners[3].port plus the offset is 61613, which the front binds already',
      ],
    ],
    [
      'a port of the other node',
      [nodes(A, B), 'admin.port=1783'],
      [
        'multiAz.nodes[0].portOffset: admin.port plus the offset is 1883, which the front binds already',
        'multiAz.nodes[1].portOffset: admin.port plus the offset is 1983, which az-a binds already',
      ],
    ],
    [
      'a port of the region',
      [nodes(A, B), 'multiAz.region.port=5772'],
      [
        'multiAz.nodes[0].portOffset: listeners[1].port plus the offset is 5772, which the region binds already',
      ],
    ],
    [
      'a region on a port of the front',
      ['multiAz.region.port=1883'],
      ['multiAz.region.port: 1883 is bound by the front already'],
    ],
    [
      'a port beyond all ports',
      [nodes(A, '{ name: az-b, portOffset: 4000 }')],
      [
        'multiAz.nodes[1].portOffset: listeners[2].port plus the offset is 65613, which is no port',
        'multiAz.nodes[1].portOffset: listeners[3].port plus the offset is 65614, which is no port',
      ],
    ],
    ['a busy loop', ['multiAz.frontProbe=1'], ['multiAz.frontProbe: must be 10 ms at least']],
    ['a cluster without a name', ['multiAz.cluster='], ['multiAz.cluster: cannot be empty']],
  ])('refuses %s', async (_name, sets, problems) => {
    expect(await problemsOf(...sets)).toEqual(problems);
  });

  test('takes nodes of other machines with the same ports', async () => {
    const at = (name: string, host: string) => `{ name: ${name}, host: ${host} }`;
    expect(await problemsOf(nodes(at('a', '10.0.0.1'), at('b', '10.0.0.2')))).toEqual([]);
    const everywhere = ['listeners[0].host=0.0.0.0', 'users=[]'];
    expect(
      await problemsOf(nodes(at('a', '10.0.0.1'), at('b', '10.0.0.2')), ...everywhere),
    ).toEqual([]);
    expect(await problemsOf(nodes(at('a', '127.0.0.1'), B), ...everywhere)).toHaveLength(4);
    expect(await problemsOf(nodes(A, B), 'listeners[0].port=0', 'admin.port=0')).toEqual([]);
  });

  test('says nothing about the ports of one process alone', async () => {
    const sets = [nodes(A, B), 'listeners[2].port=65400'];
    expect(await problemsOf(...sets)).toHaveLength(1);
    await loadConfig({ sets, alone: true });
  });
});

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { matchesFilter } from './address.js';
import { TopicTree } from './topic-tree.js';

/** The examples of MQTT 5 4.7 with dots for slashes, `*` for `+` and `>` for `#`. */
const EXAMPLES: [filter: string, name: string, matches: boolean][] = [
  // 4.7.1.2, multi-level wildcard
  ['sport.tennis.player1.>', 'sport.tennis.player1', true],
  ['sport.tennis.player1.>', 'sport.tennis.player1.ranking', true],
  ['sport.tennis.player1.>', 'sport.tennis.player1.score.wimbledon', true],
  ['sport.tennis.player1.>', 'sport.tennis.player2', false],
  ['sport.>', 'sport', true],
  ['>', 'sport', true],
  ['>', 'sport.tennis.player1', true],
  ['>', '.finance', true],
  // 4.7.1.3, single-level wildcard
  ['sport.tennis.*', 'sport.tennis.player1', true],
  ['sport.tennis.*', 'sport.tennis.player2', true],
  ['sport.tennis.*', 'sport.tennis.player1.ranking', false],
  ['sport.*', 'sport', false],
  ['sport.*', 'sport.', true],
  ['*', 'sport', true],
  ['*', 'sport.tennis', false],
  ['*.tennis.>', 'sport.tennis.player1', true],
  ['*.tennis.>', 'sport.tennis', true],
  ['sport.*.player1', 'sport.tennis.player1', true],
  ['sport.*.player1', 'sport.tennis.player2', false],
  ['*.*', '.finance', true],
  ['.*', '.finance', true],
  ['*', '.finance', false],
  // 4.7.2, topics beginning with $ [MQTT-4.7.2-1]
  ['>', '$SYS.monitor', false],
  ['*', '$SYS', false],
  ['*.monitor.Clients', '$SYS.monitor.Clients', false],
  ['$SYS.>', '$SYS', true],
  ['$SYS.>', '$SYS.monitor', true],
  ['$SYS.monitor.*', '$SYS.monitor.Clients', true],
  ['$SYS.monitor.>', '$SYS.monitor.Clients', true],
  ['a.>', 'a.$b', true],
  ['a.*', 'a.$b', true],
  // 4.7.3, semantics: case and the leading or trailing separator distinguish
  ['ACCOUNTS', 'Accounts', false],
  ['Accounts payable', 'Accounts payable', true],
  ['.finance', 'finance', false],
  ['finance.', 'finance', false],
  ['a..b', 'a..b', true],
  ['a.*.b', 'a..b', true],
  ['a..b', 'a.b', false],
];

const LEVELS = ['a', 'b', 'c', '', '$a', '$', 'a*'];

function randomName(random: SeededRandom): string {
  const levels: string[] = [];
  for (let count = random.between(1, 4); count > 0; count--) levels.push(random.pick(LEVELS));
  return levels.join('.');
}

function randomFilter(random: SeededRandom): string {
  const levels = randomName(random)
    .split('.')
    .map((level) => (random.chance(0.3) ? '*' : level));
  if (random.chance(0.3)) levels[levels.length - 1] = '>';
  return levels.join('.');
}

/** The rule that the tree adds to `matchesFilter` [MQTT-4.7.2-1]. */
function matches(filter: string, name: string): boolean {
  if (name.startsWith('$') && /^[*>](\.|$)/.test(filter)) return false;
  return matchesFilter(filter, name);
}

describe('TopicTree', () => {
  test.each(EXAMPLES)(
    'knows whether %j matches %j, in both directions',
    (filter, name, expected) => {
      const filters = new TopicTree<string>();
      filters.add(filter, filter);
      expect(filters.match(name)).toEqual(expected ? [filter] : []);
      const names = new TopicTree<string>();
      names.add(name, name);
      const found: string[] = [];
      names.find(filter, (value) => found.push(value));
      expect(found).toEqual(expected ? [name] : []);
    },
  );

  test('finds every value of every filter that matches, and each once', () => {
    const tree = new TopicTree<number>();
    for (const [index, filter] of ['a.b', 'a.b', 'a.*', '*.b', 'a.>', '>', 'a'].entries()) {
      tree.add(filter, index);
    }
    expect(tree.match('a.b').sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(tree.match('a').sort()).toEqual([4, 5, 6]);
    expect(tree.match('x')).toEqual([5]);
  });

  test('does not take a level that is spelled like a wildcard for one', () => {
    const tree = new TopicTree<string>();
    tree.add('a.*', 'star');
    tree.add('a.>', 'rest');
    expect(tree.match('a.*').sort()).toEqual(['rest', 'star']);
    expect(tree.match('a.>').sort()).toEqual(['rest', 'star']);
  });

  test('removes one value at a time and forgets empty branches', () => {
    const tree = new TopicTree<number>();
    tree.add('a.b.c', 1);
    tree.add('a.b.c', 2);
    tree.add('a.b', 3);
    expect(tree.remove('a.b.c', 9)).toBe(false);
    expect(tree.remove('a.b.d', 1)).toBe(false);
    expect(tree.remove('a.b.c', 1)).toBe(true);
    expect(tree.remove('a.b.c', 1)).toBe(false);
    expect(tree.match('a.b.c')).toEqual([2]);
    expect(tree.remove('a.b.c', 2)).toBe(true);
    expect(tree.match('a.b')).toEqual([3]);
    expect(tree.remove('a.b', 3)).toBe(true);
    expect(tree.size).toBe(0);
    expect(nodesOf(tree)).toBe(1);
  });

  test('agrees with matchesFilter over random filters and names', () => {
    const random = new SeededRandom(6);
    for (let round = 0; round < 200; round++) {
      const filters = new TopicTree<string>();
      const names = new TopicTree<string>();
      const added = Array.from({ length: 20 }, () => [randomFilter(random), randomName(random)]);
      for (const [filter, name] of added as [string, string][]) {
        filters.add(filter, filter);
        names.add(name, name);
      }
      for (const [filter, name] of added as [string, string][]) {
        const wanted = added.map(([other]) => other!).filter((other) => matches(other, name));
        expect(filters.match(name).sort()).toEqual(wanted.sort());
        const found: string[] = [];
        names.find(filter, (value) => found.push(value));
        const named = added.map(([, other]) => other!).filter((other) => matches(filter, other));
        expect(found.sort()).toEqual(named.sort());
      }
      for (const [filter] of added as [string, string][]) filters.remove(filter, filter);
      expect(nodesOf(filters)).toBe(1);
    }
  });
});

describe('TopicTree with 100,000 filters', () => {
  test('visits no more nodes for a match than with a few filters', () => {
    const few = new TopicTree<number>();
    const many = new TopicTree<number>();
    for (let index = 0; index < 100_000; index++) {
      const filter = `site.${index % 1000}.device.${index}${index % 3 === 0 ? '.>' : ''}`;
      if (index < 10) few.add(filter, index);
      many.add(filter, index);
    }
    for (const tree of [few, many]) tree.add('site.*.device.*.temp', -1);
    expect(lookupsOf(few, 'site.3.device.3.temp')).toEqual({ found: 2, lookups: 24 });
    expect(lookupsOf(many, 'site.3.device.3.temp')).toEqual({ found: 2, lookups: 24 });
  });

  test('takes as many values as there are under one filter', () => {
    const tree = new TopicTree<number>();
    for (let value = 0; value < 200_000; value++) tree.add('news.>', value);
    expect(tree.match('news.today').length).toBe(200_000);
    for (let value = 0; value < 200_000; value++) tree.add('news.today', value);
    expect(tree.match('news.today').length).toBe(400_000);
  });
});

/** Calls of `Map.get` during a match: the work it does, counted instead of timed. */
function lookupsOf(tree: TopicTree<number>, name: string): { found: number; lookups: number } {
  let lookups = 0;
  const get = Map.prototype.get;
  Map.prototype.get = function (key) {
    lookups++;
    return get.call(this, key);
  };
  try {
    const found = tree.match(name).length;
    return { found, lookups };
  } finally {
    Map.prototype.get = get;
  }
}

/** Nodes that are left, root included: found by walking every name that `find` can reach. */
function nodesOf(tree: TopicTree<unknown>): number {
  let nodes = 1;
  const iterate = Map.prototype[Symbol.iterator];
  Map.prototype[Symbol.iterator] = function () {
    nodes += this.size;
    return iterate.call(this);
  };
  try {
    for (const first of ['>', '$a.>', '$.>']) tree.find(first, () => {});
    return nodes;
  } finally {
    Map.prototype[Symbol.iterator] = iterate;
  }
}

import { expect, test } from 'vitest';
import { editDistance, nearestName } from './nearest-name.js';

test.each([
  ['', '', 0],
  ['port', 'port', 0],
  ['port', 'prot', 1],
  ['port', 'ports', 1],
  ['kitten', 'sitting', 3],
])('from %j to %j it takes %i edits', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
});

test('the nearest name is found, but only a near one', () => {
  const names = ['listeners', 'limits', 'log'];
  expect(nearestName('listners', names)).toBe('listeners');
  expect(nearestName('Limit', names)).toBe('limits');
  expect(nearestName('elephant', names)).toBeUndefined();
});

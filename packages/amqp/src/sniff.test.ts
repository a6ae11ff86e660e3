import { describe, expect, it } from 'vitest';
import { sniff } from './sniff.js';

describe('sniff', () => {
  it.each([
    ['', 'more'],
    ['A', 'more'],
    ['AMQ', 'more'],
    ['AMQP\x03\x01\x00\x00', 'yes'],
    // Other versions are AMQP, too: they are told which one is served.
    ['AMQP\x00\x00\x09\x01', 'yes'],
    ['AMP', 'no'],
    ['CONNECT\n', 'no'],
    ['\x10', 'no'],
  ])('takes %j for %s', (head, answer) => {
    expect(sniff(Buffer.from(head, 'latin1'))).toBe(answer);
  });
});

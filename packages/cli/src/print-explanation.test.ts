import type { Explanation } from '@causeway/server';
import { expect, test } from 'vitest';
import { formatExplanation } from './print-explanation.js';

test('a table for each protocol, and below it what is lost', () => {
  const explanation: Explanation = {
    format: 'mqtt',
    received: [
      {
        protocol: 'MQTT 5',
        destination: 'a/b',
        headers: [['QoS', '1']],
        body: { kind: 'text', preview: 'hello' },
        losses: [],
      },
      {
        protocol: 'Pigeon',
        destination: null,
        headers: [],
        body: { kind: 'text', preview: 'hello' },
        losses: [
          { field: 'destination', change: 'lost', why: 'too far', value: 'topic://a' },
          { field: 'properties.n', change: 'retyped', why: 'ink', value: '5' },
        ],
      },
    ],
  };
  expect(formatExplanation(explanation)).toBe(
    [
      '┌─────────────┬───────┐',
      '│ MQTT 5      │       │',
      '│ destination │ a/b   │',
      '│ QoS         │ 1     │',
      '│ body, text  │ hello │',
      '└─────────────┴───────┘',
      '  nothing is lost',
      '',
      '┌────────┬─────────────────┐',
      '│ Pigeon │                 │',
      '│        │ does not get it │',
      '└────────┴─────────────────┘',
      '  lost: destination (topic://a): too far',
      '  type lost: properties.n (5): ink',
    ].join('\n'),
  );
});

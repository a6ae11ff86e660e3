import { expect, test } from 'vitest';
import { decodeState } from './codec/decode-state.js';
import type { DeliveryState } from './codec/types.js';
import type { AmqpValue } from './codec/value.js';
import { ValueWriter } from './codec/value-writer.js';
import { encodeEcho } from './encode-echo.js';

const LONG = 'x'.repeat(1000);
const TRANSACTION = Buffer.alloc(8, 1);
const encoded = (value: AmqpValue) => new ValueWriter().value(value).take();
const rejected = (description: string) =>
  ({ kind: 'rejected', error: { condition: 'a:b', description, info: null } }) as const;
const modified = (value: string) =>
  ({
    kind: 'modified',
    deliveryFailed: true,
    undeliverableHere: false,
    annotations: encoded(new Map([['a', value]])),
  }) as const;

function echo(state: DeliveryState): DeliveryState {
  const encoded = encodeEcho(state);
  expect(encoded.length).toBeLessThanOrEqual(128);
  return decodeState(encoded, 0, encoded.length);
}

const STATES: readonly DeliveryState[] = [
  { kind: 'accepted' },
  { kind: 'released' },
  rejected('no'),
  modified('b'),
  { kind: 'transactional', transactionId: TRANSACTION, outcome: rejected('no') },
  { kind: 'transactional', transactionId: TRANSACTION, outcome: null },
];

test('what is short comes back as it is', () => {
  for (const state of STATES) expect(echo(state)).toEqual(state);
});

test('what is long is left out', () => {
  expect(echo(rejected(LONG))).toEqual({ kind: 'rejected', error: null });
  expect(echo(modified(LONG))).toEqual({ ...modified(LONG), annotations: null });
  const transactional = { kind: 'transactional', transactionId: TRANSACTION } as const;
  expect(echo({ ...transactional, outcome: rejected(LONG) })).toEqual({
    ...transactional,
    outcome: { kind: 'rejected', error: null },
  });
});

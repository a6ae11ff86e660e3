import { BrokerError, ERROR_CODES } from '@causeway/core';
import { WireError } from '@causeway/wire';
import { expect, test } from 'vitest';
import { MqttError } from './codec/mqtt-error.js';
import { REASON } from './codec/reason.js';
import { ERROR_REASONS, failureOf } from './errors.js';

/** Which reason codes each packet may carry: the tables of MQTT 5 3.2.2.2, 3.4.2.1, 3.9.3, 3.14.2.1. */
const ALLOWED = {
  connack: [
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99,
    0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
  ],
  publish: [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  subscribe: [0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  disconnect: [
    0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
} as const;

test.each(ERROR_CODES)('%s is said in reason codes that its packets may carry', (code) => {
  const reasons = ERROR_REASONS[code];
  for (const packet of ['connack', 'publish', 'subscribe', 'disconnect'] as const) {
    const allowed: readonly number[] = ALLOWED[packet];
    expect(allowed, packet).toContain(reasons[packet]);
  }
  expect([null, 1, 2, 3, 4, 5]).toContain(reasons.legacyConnack);
});

test('what the client is told of an error', () => {
  expect(failureOf(new BrokerError('displaced', 'gone'))).toMatchObject({
    disconnect: REASON.sessionTakenOver,
    message: 'gone',
  });
  expect(failureOf(new MqttError(REASON.topicAliasInvalid, 'alias'))).toMatchObject({
    disconnect: REASON.topicAliasInvalid,
    connack: REASON.topicAliasInvalid,
    legacyConnack: null,
  });
  expect(failureOf(new WireError('short'))).toMatchObject({ disconnect: REASON.malformed });
  expect(failureOf(new TypeError('a defect of ours'))).toBeNull();
});

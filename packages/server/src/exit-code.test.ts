import { BrokerError, type ErrorCode } from '@causeway/core';
import { expect, test } from 'vitest';
import { ConfigError } from './config/config-problem.js';
import { exitCodeOf } from './exit-code.js';

test.each<[ErrorCode, number]>([
  ['config-invalid', 2],
  ['storage-locked', 3],
  ['storage-newer', 3],
  ['storage-corrupt', 4],
  ['storage-failed', 1],
  ['internal', 1],
])('%s ends the process with %i', (code, exitCode) => {
  expect(exitCodeOf(new BrokerError(code, 'x'))).toBe(exitCode);
});

test('so do wrong configurations and defects', () => {
  expect(exitCodeOf(new ConfigError(['x']))).toBe(2);
  expect(exitCodeOf(new TypeError('x'))).toBe(1);
});

import { expect, test } from 'vitest';
import { encodeClose } from './codec/encode-performative.js';
import { CONDITION, errorInfo } from './errors.js';
import { fitError } from './fit-error.js';

test('leaves an error as it is when there is room', () => {
  const error = errorInfo(CONDITION.internal, 'x'.repeat(100));
  expect(fitError(error, 512)).toBe(error);
  expect(fitError({ ...error, description: null }, 512)).toMatchObject({ description: null });
});

test.each(['a', 'ü', '€', '😀'])('cuts a description of %s off so that the frame fits', (text) => {
  const error = errorInfo(CONDITION.unattachedHandle, text.repeat(2000));
  const fitted = fitError(error, 512);
  expect(encodeClose(0, fitted).length).toBeLessThanOrEqual(512 - 40);
  expect(fitted.description).toMatch(/…$/);
  expect(fitError(error, 100_000)).toBe(error);
});

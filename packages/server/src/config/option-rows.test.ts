import { LIMITS } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { parseVariables } from './config-override.js';
import { CONFIG_SCHEMA } from './config-schema.js';
import { formatPath, isSecret, OPTION_ROWS, optionAt } from './option-rows.js';

describe('the option table', () => {
  test('names every limit of core with its default', () => {
    for (const [name, limit] of Object.entries(LIMITS)) {
      const row = OPTION_ROWS.find(({ key }) => key === `limits.${name}`);
      expect(row?.option, name).toMatchObject({ kind: 'value', default: limit.default });
    }
  });

  test('has no key and no variable twice', () => {
    for (const name of ['key', 'variable'] as const) {
      const all = OPTION_ROWS.map((row) => row[name]);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  test('describes every option in sentences', () => {
    for (const { key, option } of OPTION_ROWS) {
      const describe = option.kind === 'list' ? option.describe : option.describe;
      expect(describe, key).toMatch(/^[A-Z`'].*[.`]$/);
    }
  });

  test('keeps passwords and keys secret', () => {
    const secret = OPTION_ROWS.filter(({ key }) =>
      isSecret(
        key
          .replace('[]', '.0')
          .split('.')
          .map((part) => (part === '0' ? 0 : part)),
      ),
    );
    expect(secret.map(({ key }) => key)).toEqual([
      'users[].password',
      'users[].passwordHash',
      'users[].scram',
    ]);
  });

  test('yields defaults that the schema accepts, key by key', () => {
    // Sections that may be left out as a whole, and have defaults when they are there.
    const config = CONFIG_SCHEMA.parse({ failover: {}, multiAz: {} });
    for (const { segments, option, key } of OPTION_ROWS) {
      if (segments.includes('[]') || option.kind !== 'value') continue;
      const value = segments.reduce<unknown>(
        (inner, segment) => (inner as Record<string, unknown> | undefined)?.[segment],
        config,
      );
      expect(value, key).toEqual(option.default);
    }
    expect(CONFIG_SCHEMA.parse(config)).toEqual(config);
  });

  test('has a variable that leads back to each key', () => {
    for (const { variable, segments, option } of OPTION_ROWS) {
      const name = variable.replaceAll('<n>', '3');
      const { overrides, unknown } = parseVariables({ [name]: '1' });
      expect(unknown).toEqual([]);
      expect(overrides[0]?.path).toEqual(segments.map((part) => (part === '[]' ? 3 : part)));
      expect(optionAt(overrides[0]!.path)).toBe(option);
    }
  });
});

test('paths are written as keys are', () => {
  expect(formatPath(['listeners', 0, 'tls', 'cert'])).toBe('listeners[0].tls.cert');
  expect(optionAt(['listeners', '__proto__'])).toBeUndefined();
  expect(optionAt(['constructor'])).toBeUndefined();
});

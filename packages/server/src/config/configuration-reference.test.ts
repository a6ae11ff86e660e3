import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { renderConfigurationReference } from './configuration-reference.js';
import { OPTION_ROWS } from './option-rows.js';

const readDocument = (name: string) =>
  readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');

describe('docs/configuration.md', () => {
  test('is what the option table yields: run `npm run docs`', () => {
    expect(readDocument('configuration.md')).toBe(renderConfigurationReference());
  });

  test('has every key', () => {
    const document = renderConfigurationReference();
    for (const { key, option, segments } of OPTION_ROWS) {
      if (option.kind !== 'value') continue;
      const shown = segments[0] === 'limits' ? segments[1] : key;
      expect(document).toContain(`| \`${shown}\` |`);
    }
  });
});

import { readFileSync } from 'node:fs';
import { ERROR_CODES } from '@causeway/core';
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

describe('docs/errors.md', () => {
  test('has one heading for each error code, and no other', () => {
    const headings = [...readDocument('errors.md').matchAll(/^## `(.+)`$/gm)].map(
      (match) => match[1],
    );
    expect(headings).toEqual([...ERROR_CODES]);
  });

  test('says of each code what it means, what is sent and what to do', () => {
    const sections = readDocument('errors.md').split(/^## /m).slice(1);
    for (const section of sections) {
      const name = section.split('\n', 1)[0]!;
      expect(section, name).toMatch(/^\| MQTT 3\.1\.1 \|/m);
      expect(section, name).toMatch(/^\| MQTT 5 \|/m);
      expect(section, name).toMatch(/^\| STOMP \|/m);
      expect(section, name).toMatch(/^\*\*What to do\.\*\* \S/m);
    }
  });
});

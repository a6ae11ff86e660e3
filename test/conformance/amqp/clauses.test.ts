import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { NOT_TESTED, renderSections } from './render-sections.js';
import { SECTIONS } from './sections.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LIST = fileURLToPath(new URL('../../../docs/conformance-amqp.md', import.meta.url));

/** How many subsections each section of AMQP 1.0 has, numbered from 1. */
const SUBSECTIONS: Readonly<Record<string, number>> = {
  '1': 6,
  '1.1': 4,
  '1.2': 4,
  '1.3': 5,
  '1.6': 24,
  '2': 8,
  '2.1': 3,
  '2.3': 2,
  '2.4': 7,
  '2.5': 6,
  '2.6': 14,
  '2.7': 9,
  '2.8': 19,
  '3': 5,
  '3.2': 16,
  '3.3': 1,
  '3.4': 6,
  '3.5': 13,
  '4': 5,
  '4.4': 4,
  '4.4.4': 3,
  '4.5': 8,
  '5': 3,
  '5.2': 2,
  '5.3': 4,
  '5.3.3': 6,
};

/** Sections in the names of tests, each with the files they are in. */
function findTested(): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const file of readdirSync(HERE).filter((name) => name.endsWith('.test.ts'))) {
    const source = readFileSync(HERE + file, 'utf8');
    // Names stand in quotes and begin with their sections, or get them from a table; comments do not.
    const names = /^[^/*\n]*?['`]((?:[1-5](?:\.\d+)+(?: |(?=',)))+)/gm;
    for (const [, sections] of source.matchAll(names)) {
      for (const section of sections!.trim().split(' ')) {
        const files = found.get(section) ?? new Set();
        found.set(section, files.add(file.replace('.test.ts', '')));
      }
    }
  }
  return new Map([...found].map(([section, files]) => [section, [...files].sort()]));
}

const tested = findTested();

test('every section of AMQP 1.0 is listed once, and no others', () => {
  const sections = Object.entries(SUBSECTIONS).flatMap(([parent, count]) =>
    Array.from({ length: count }, (_, index) => `${parent}.${index + 1}`),
  );
  expect(Object.keys(SECTIONS).sort()).toEqual(sections.sort());
});

test('each section in the name of a test is listed as tested', () => {
  for (const [section, files] of tested) {
    const where = `${section} in ${files.join(', ')}`;
    expect(SECTIONS[section], where).toBeDefined();
    expect(SECTIONS[section]![1].startsWith(NOT_TESTED), where).toBe(false);
  }
});

test('each section that is listed as tested is in the name of a test', () => {
  const without = Object.entries(SECTIONS)
    .filter(([section, [, statement]]) => !statement.startsWith(NOT_TESTED) && !tested.has(section))
    .map(([section]) => section);
  expect(without).toEqual([]);
});

test('docs/conformance-amqp.md shows all of it; `npm run docs` writes it', async () => {
  await expect(renderSections(tested)).toMatchFileSnapshot(LIST);
});

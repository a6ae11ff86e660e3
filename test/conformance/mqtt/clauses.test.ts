import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LIST = fileURLToPath(new URL('../../../docs/conformance-mqtt.md', import.meta.url));

/** Appendix B of MQTT 5.0: how many statements each section has, numbered from 1. */
const STATEMENTS: Readonly<Record<string, number>> = {
  '1.5.4': 3,
  '1.5.5': 1,
  '1.5.7': 1,
  '2.1.3': 1,
  '2.2.1': 6,
  '2.2.2': 1,
  '3.1.0': 2,
  '3.1.2': 30,
  '3.1.3': 12,
  '3.1.4': 6,
  '3.2.0': 2,
  '3.2.2': 22,
  '3.3.1': 13,
  '3.3.2': 20,
  '3.3.4': 10,
  '3.4.2': 3,
  '3.5.2': 3,
  '3.6.1': 1,
  '3.6.2': 3,
  '3.7.2': 3,
  '3.8.1': 1,
  '3.8.3': 5,
  '3.8.4': 8,
  '3.9.2': 2,
  '3.9.3': 2,
  '3.10.1': 1,
  '3.10.3': 2,
  '3.10.4': 6,
  '3.11.2': 2,
  '3.11.3': 2,
  '3.12.4': 1,
  '3.14.0': 1,
  '3.14.1': 1,
  '3.14.2': 4,
  '3.14.4': 3,
  '3.15.1': 1,
  '3.15.2': 3,
  '4.1.0': 2,
  '4.2.0': 1,
  '4.3.1': 1,
  '4.3.2': 5,
  '4.3.3': 13,
  '4.4.0': 2,
  '4.5.0': 2,
  '4.6.0': 6,
  '4.7.0': 1,
  '4.7.1': 2,
  '4.7.2': 1,
  '4.7.3': 4,
  '4.8.2': 6,
  '4.9.0': 3,
  '4.12.0': 7,
  '4.12.1': 2,
  '4.13.1': 1,
  '4.13.2': 1,
  '6.0.0': 4,
};

/** The numbering of section 2.2.1 begins at 2. */
const LEFT_OUT = new Set(['MQTT-2.2.1-1']);

function statements(): string[] {
  return Object.entries(STATEMENTS)
    .flatMap(([section, count]) =>
      Array.from({ length: count }, (_, index) => `MQTT-${section}-${index + 1}`),
    )
    .filter((clause) => !LEFT_OUT.has(clause));
}

/** Clauses in the names of tests, each with the files they are in. */
function tested(): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const file of readdirSync(HERE).filter((name) => name.endsWith('.test.ts'))) {
    if (file === 'clauses.test.ts') continue;
    const source = readFileSync(join(HERE, file), 'utf8');
    // Names stand in quotes and begin with their clauses; comments do not.
    for (const [, names] of source.matchAll(/^[^/*\n]*?['`]((?:\[MQTT[^\]\n]*\] ?)+)/gm)) {
      for (const [, clause] of (names ?? '').matchAll(/\[([^\]]+)\]/g)) {
        const files = found.get(clause ?? '') ?? new Set();
        found.set(clause ?? '', files.add(file.replace('.test.ts', '')));
      }
    }
  }
  return new Map([...found].map(([clause, files]) => [clause, [...files].sort()]));
}

interface Row {
  readonly clause: string;
  readonly tests: string;
}

function listed(): Row[] {
  const rows = readFileSync(LIST, 'utf8').matchAll(
    /^\| *(MQTT[\d.-]+) *\|(?:.*\|)? *([^|]+?) *\|$/gm,
  );
  return [...rows].map(([, clause, tests]) => ({ clause: clause ?? '', tests: tests ?? '' }));
}

test('the list has every statement of MQTT 5.0 once, and no others', () => {
  const clauses = listed()
    .map(({ clause }) => clause)
    .filter((clause) => clause.startsWith('MQTT-'));
  expect([...clauses].sort()).toEqual(statements().sort());
});

test('each statement that is listed as tested is in the name of a test, in the files named', () => {
  const tests = tested();
  for (const { clause, tests: files } of listed()) {
    if (files.startsWith('not tested: ')) continue;
    expect(tests.get(clause)?.join(', '), clause).toBe(files);
  }
});

test('each clause in the name of a test is listed as tested', () => {
  const rows = new Map(listed().map(({ clause, tests }) => [clause, tests]));
  for (const [clause, files] of tested()) expect(rows.get(clause), clause).toBe(files.join(', '));
});

test('each statement that is not tested has a reason', () => {
  const reasons = listed().filter(({ tests }) => tests.startsWith('not tested: '));
  for (const { clause, tests } of reasons) expect(tests.length, clause).toBeGreaterThan(30);
  expect(reasons.length).toBeLessThan(20);
});

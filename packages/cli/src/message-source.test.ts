import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { openSource, type SourceOptions } from './message-source.js';

const open = (options: Partial<SourceOptions>) =>
  openSource({ texts: [], files: [], repeat: 1, input: Readable.from([]), ...options });

async function bodiesOf(options: Partial<SourceOptions>): Promise<string[]> {
  const bodies: string[] = [];
  for await (const body of open(options).bodies()) bodies.push(body.toString());
  return bodies;
}

test('texts are messages, as often as they are asked for', async () => {
  expect(open({ texts: ['a', 'b'], repeat: 2 }).total).toBe(4);
  expect(await bodiesOf({ texts: ['a', 'b'], repeat: 2 })).toEqual(['a', 'b', 'a', 'b']);
});

test('files are messages as they are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-source-'));
  writeFileSync(join(folder, 'one'), 'x\ny\n');
  expect(await bodiesOf({ files: [join(folder, 'one')] })).toEqual(['x\ny\n']);
  rmSync(folder, { recursive: true });
});

test('lines of the input are messages, the last one without its line end too', async () => {
  const input = Readable.from(['one\r\ntw', 'o\n\nlast']);
  expect(open({}).total).toBeNull();
  expect(await bodiesOf({ input })).toEqual(['one', 'two', '', 'last']);
});

test('what cannot be is refused', () => {
  expect(() => open({ texts: ['a'], files: ['b'] })).toThrow(/not both/);
  expect(() => open({ repeat: 2 })).toThrow(/--count/);
  expect(() => open({ files: ['no/such/file'] })).toThrow(/ENOENT/);
});

import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readPassword } from './read-password.js';

/** A terminal that remembers whether it echoes. */
function createTerminal() {
  const input = new PassThrough() as PassThrough & { isTTY: boolean; raw: boolean[] };
  input.isTTY = true;
  input.raw = [];
  const terminal = Object.assign(input, {
    setRawMode(raw: boolean) {
      input.raw.push(raw);
      return terminal;
    },
  });
  const output = new PassThrough();
  let shown = '';
  output.on('data', (chunk) => {
    shown += chunk;
    // Types what it is asked for, like a person who waits for the prompt.
    if (String(chunk).endsWith(': ')) setImmediate(() => input.write(answers.shift() ?? '\u0003'));
  });
  let answers: string[] = [];
  return {
    input: terminal as unknown as NodeJS.ReadStream,
    output,
    type: (...lines: string[]) => {
      answers = lines;
    },
    shown: () => shown,
    raw: input.raw,
  };
}

test('a terminal asks twice, and never shows what is typed', async () => {
  const terminal = createTerminal();
  terminal.type('secrex\u007ft\r', 'secret\n');
  expect(await readPassword(terminal.input, terminal.output)).toBe('secret');
  expect(terminal.shown()).toBe('Password: \nAgain: \n');
  expect(terminal.raw).toEqual([true, false, true, false]);
});

test('two different passwords are refused, and so are none and Ctrl-C', async () => {
  for (const [lines, message] of [
    [['one\r', 'two\r'], /not the same/],
    [['\r', '\r'], /empty/],
    [['sec\u0003'], /cancelled/],
    [['nonsense\u0015\r', '\r'], /empty/],
  ] as const) {
    const terminal = createTerminal();
    terminal.type(...lines);
    await expect(readPassword(terminal.input, terminal.output)).rejects.toThrow(message);
  }
});

test('an input that is no terminal gives its first line', async () => {
  const input = new PassThrough();
  input.end('p\u00e4ss word\r\nmore\n');
  expect(await readPassword(input as unknown as NodeJS.ReadStream)).toBe('p\u00e4ss word');
});

import type { ReadStream } from 'node:tty';
import { usageError } from './exit-code.js';

/**
 * Reads a password: from a terminal without showing it, otherwise the first line of the input.
 * @throws CommandError when there is none
 */
export async function readPassword(
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  if (input.isTTY) {
    const first = await ask(input, output, 'Password: ');
    const second = await ask(input, output, 'Again: ');
    if (first !== second) throw usageError('the two passwords are not the same');
    return refuseEmpty(first);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  return refuseEmpty(Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1)[0] ?? '');
}

function refuseEmpty(password: string): string {
  if (password === '') throw usageError('a password cannot be empty');
  return password;
}

function ask(input: ReadStream, output: NodeJS.WritableStream, prompt: string): Promise<string> {
  output.write(prompt);
  input.setRawMode(true);
  input.setEncoding('utf8');
  input.resume();
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const finish = () => {
      input.removeListener('data', onData);
      input.setRawMode(false);
      input.pause();
      output.write('\n');
    };
    const onData = (data: Buffer | string) => {
      for (const character of String(data)) {
        if (character === '\r' || character === '\n' || character === '\u0004') {
          finish();
          return resolve(typed.join(''));
        }
        if (character === '\u0003') {
          finish();
          return reject(usageError('cancelled'));
        }
        if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1);
        else if (character === '\u0015') typed = [];
        else typed.push(character);
      }
    };
    input.on('data', onData);
  });
}

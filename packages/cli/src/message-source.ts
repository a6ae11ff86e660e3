import { readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { usageError } from './exit-code.js';

/** Where the bodies of messages come from. */
export interface MessageSource {
  /** How many there will be; null when nobody knows yet. */
  readonly total: number | null;
  bodies(): AsyncIterable<Buffer>;
}

export interface SourceOptions {
  /** Bodies given on the command line. */
  readonly texts: readonly string[];
  /** Files, each of which is one message; `-` is the whole standard input. */
  readonly files: readonly string[];
  /** How often all of it is sent. */
  readonly repeat: number;
  /** Read for lines when there is nothing else. */
  readonly input: Readable;
}

/**
 * Texts, else files, else the lines of the input.
 * @throws CommandError when a file cannot be read
 */
export function openSource(options: SourceOptions): MessageSource {
  const { texts, files, repeat, input } = options;
  if (texts.length > 0 && files.length > 0) {
    throw usageError('give messages as arguments or as files, not both');
  }
  if (texts.length > 0)
    return repeated(
      texts.map((text) => () => Buffer.from(text)),
      repeat,
    );
  if (files.length > 0) return repeated(files.map(openFile), repeat);
  if (repeat > 1) throw usageError('--count needs a message, as an argument or as a file');
  return { total: null, bodies: () => linesOf(input) };
}

function repeated(bodies: readonly (() => Buffer)[], repeat: number): MessageSource {
  return {
    total: bodies.length * repeat,
    async *bodies() {
      for (let round = 0; round < repeat; round++) for (const body of bodies) yield body();
    },
  };
}

/** Small files are read once; a large one is read again each time rather than kept. */
function openFile(file: string): () => Buffer {
  const keptBytesMax = 1024 * 1024;
  try {
    if (file === '-') {
      const body = readFileSync(0);
      return () => body;
    }
    if (statSync(file).size > keptBytesMax) return () => readFileSync(file);
    const body = readFileSync(file);
    return () => body;
  } catch (error) {
    throw usageError(`--file: ${(error as Error).message}`);
  }
}

async function* linesOf(input: Readable): AsyncIterable<Buffer> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    yield Buffer.from(line);
  }
}

import {
  closeSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DrillError } from '../drill-error.js';

/** Less than this is the head of a file only. */
const BYTES_MIN = 100;

/**
 * Flips a bit in the middle of the largest file of a store, or cuts the newest one to half of its
 * length, while nobody has it open.
 * @returns the name of the file
 * @throws DrillError when there is none yet
 */
export function damageStore(folder: string, how: 'flip-bit' | 'truncate'): string {
  const files = readdirSync(folder)
    .filter((name) => /\.(log|ldb)$/.test(name))
    .map((name) => ({ name, path: join(folder, name), ...sizeAndTime(join(folder, name)) }))
    .filter(({ size }) => size >= BYTES_MIN)
    .sort((a, b) => (how === 'flip-bit' ? b.size - a.size : b.time - a.time));
  const [file] = files;
  if (file === undefined) throw new DrillError(`${folder} has no file to damage`);
  const middle = Math.floor(file.size / 2);
  if (how === 'truncate') truncateSync(file.path, middle);
  else flipBit(file.path, middle);
  return file.name;
}

function sizeAndTime(path: string): { readonly size: number; readonly time: number } {
  const { size, mtimeMs } = statSync(path);
  return { size, time: mtimeMs };
}

function flipBit(path: string, position: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, position);
  byte[0] = byte[0]! ^ 1;
  writeSync(file, byte, 0, 1, position);
  closeSync(file);
}

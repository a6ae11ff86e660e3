import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SOURCE = fileURLToPath(new URL('../../shim/drill-shim.c', import.meta.url));
const BYTES = 8;

/** What can be done to a process, and where the number for it is. */
const SETTINGS = { syncDelayMs: 0, diskFull: 1, clockOffsetMs: 2 } as const;

/** The library that is loaded before a broker's, to do to it what a drill asks for. */
export interface Shim {
  /** What the broker has to be started with. */
  readonly environment: NodeJS.ProcessEnv;
  /** @returns whether the process has loaded it */
  set(pid: number, setting: keyof typeof SETTINGS, value: number): boolean;
}

/**
 * Compiles the library.
 * @param folder where it goes, and how the processes are asked
 * @returns null when there is no C compiler, or this is not Linux
 */
export async function buildShim(folder: string): Promise<Shim | null> {
  if (process.platform !== 'linux') return null;
  const library = join(folder, 'drill-shim.so');
  const options = ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'];
  try {
    await promisify(execFile)('cc', options);
  } catch {
    return null;
  }
  return {
    environment: { LD_PRELOAD: library, CAUSEWAY_DRILL_SHIM: folder },
    set(pid, setting, value) {
      const path = join(folder, String(pid));
      if (!existsSync(path)) return false;
      const number = Buffer.alloc(BYTES);
      number.writeBigInt64LE(BigInt(value));
      const file = openSync(path, 'r+');
      writeSync(file, number, 0, BYTES, SETTINGS[setting] * BYTES);
      closeSync(file);
      return true;
    },
  };
}

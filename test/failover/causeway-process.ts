import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/causeway.js', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

/** What ended with which exit code, and what it wrote. */
export interface Outcome {
  readonly code: number | string;
  readonly output: string;
  readonly errors: string;
}

/** Runs the command to its end. */
export async function causeway(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code: code ?? signal, output, errors };
}

/** A `causeway` command that stays, as a user runs it. */
export class CausewayProcess {
  readonly #arguments: readonly string[];
  #process: ChildProcess | null = null;
  #log = '';

  constructor(...args: string[]) {
    this.#arguments = args;
  }

  get log(): string {
    return this.#log;
  }

  /** Starts it and waits for its `ready` line, which is returned. */
  async start(): Promise<string> {
    const child = spawn(process.execPath, [COMMAND, ...this.#arguments], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    child.stderr.on('data', (chunk) => {
      this.#log += chunk;
    });
    return await new Promise<string>((resolve, reject) => {
      let output = '';
      const fail = (what: string) => {
        clearTimeout(timer);
        reject(new Error(`causeway ${what}: ${output}\n${this.#log}`));
      };
      const timer = setTimeout(() => fail('is not ready in time'), READY_TIMEOUT_MS);
      child.once('exit', (code) => fail(`ended with ${code}`));
      child.stdout.on('data', (chunk) => {
        output += chunk;
        if (!output.includes('\n')) return;
        clearTimeout(timer);
        child.removeAllListeners('exit');
        resolve(output);
      });
    });
  }

  /** Sends a signal, and waits for the end; returns the exit code or the signal's name. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return 'gone';
    child.kill(signal);
    const [code, by] = (await once(child, 'exit')) as [number | null, string | null];
    return code ?? by ?? 'gone';
  }
}

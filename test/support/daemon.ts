import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/causeway.js', import.meta.url));
const READY_TIMEOUT_MS = 30_000;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A broker in a process of its own, as a user starts it: what `npm run build` made. */
export class Daemon {
  readonly #arguments: readonly string[];
  #process: ChildProcess | null = null;
  #log = '';

  constructor(...args: string[]) {
    this.#arguments = args;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  /** What it has written to its log so far. */
  get log(): string {
    return this.#log;
  }

  /** Starts it and waits for its `ready` line, which is returned. */
  async start(): Promise<string> {
    const child = spawn(process.execPath, [COMMAND, 'start', ...this.#arguments], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    child.stderr!.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
    return await new Promise<string>((resolve, reject) => {
      let output = '';
      const timer = setTimeout(() => fail('is not ready in time'), READY_TIMEOUT_MS);
      const fail = (what: string) => {
        clearTimeout(timer);
        reject(new Error(`the broker ${what}: ${output}\n${this.#log}`));
      };
      child.once('exit', (code) => fail(`ended with ${code}`));
      child.stdout!.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const ready = /^ready.*\n/m.exec(output);
        if (ready === null) return;
        clearTimeout(timer);
        child.removeAllListeners('exit');
        resolve(ready[0].trim());
      });
    });
  }

  /** Sends a signal and waits for the end; returns the exit code or the signal's name. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return 'gone';
    child.kill(signal);
    const [code, by] = (await once(child, 'exit')) as [number | null, string | null];
    return code ?? by ?? 'gone';
  }
}

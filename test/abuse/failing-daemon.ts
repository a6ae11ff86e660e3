import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/causeway.js', import.meta.url));
const WAIT_MS = 60_000;

/** A broker process that is expected to end by itself. */
export class FailingDaemon {
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | string>;
  #output = '';

  /** @param fileBytesMax largest file that it may write: more fails as on a full disk */
  constructor(args: readonly string[], fileBytesMax?: number) {
    this.#process = spawn(
      'sh',
      ['-c', scriptOf(fileBytesMax), process.execPath, COMMAND, ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    this.#exited = once(this.#process, 'exit').then(([code, signal]) => code ?? signal);
  }

  /** Everything that it said. */
  get output(): string {
    return this.#output;
  }

  /** Waits for its `ready` line; returns the port of a listener. */
  async ready(listener: string): Promise<number> {
    const pattern = new RegExp(`^ready.* ${listener}=[^ :]*:(\\d+)`, 'm');
    for (;;) {
      const found = pattern.exec(this.#output);
      if (found !== null) return Number(found[1]);
      const ended = await Promise.race([once(this.#process.stdout!, 'data'), this.#exited]);
      if (!Array.isArray(ended)) throw new Error(`it ended with ${ended}: ${this.#output}`);
    }
  }

  /** Its exit code; it is killed when that takes too long. */
  async ends(): Promise<number | string> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), WAIT_MS);
    const code = await this.#exited;
    clearTimeout(timer);
    return code;
  }

  async stop(): Promise<number | string> {
    if (this.#process.exitCode === null) this.#process.kill('SIGTERM');
    return this.ends();
  }
}

/** `exec` keeps the process id, so that signals reach the broker. */
function scriptOf(fileBytesMax: number | undefined): string {
  const start = 'command=$1; shift; exec "$0" "$command" start "$@"';
  if (fileBytesMax === undefined) return start;
  // Ignored, the signal leaves an error of the write (EFBIG), as a full disk does (ENOSPC).
  return `trap '' XFSZ; ulimit -f ${Math.floor(fileBytesMax / 512)}; ${start}`;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { DrillError } from '../drill-error.js';

const READY_MS = 60_000;

/** A process of the target, whose log goes to a file. */
export class Child {
  readonly #command: readonly string[];
  readonly #log: WriteStream;
  readonly #environment: NodeJS.ProcessEnv;
  #process: ChildProcess | null = null;

  /** @param log the file that both of its outputs are appended to */
  constructor(command: readonly string[], log: string, environment: NodeJS.ProcessEnv = {}) {
    this.#command = command;
    this.#log = createWriteStream(log, { flags: 'a' });
    this.#environment = environment;
  }

  /** @throws DrillError when it is not running */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined || !this.running) throw new DrillError('the broker is not running');
    return pid;
  }

  get running(): boolean {
    const child = this.#process;
    return child !== null && child.exitCode === null && child.signalCode === null;
  }

  /**
   * Starts it.
   * @param isReady tells from what it has printed so far that it serves
   * @returns what it printed until it was ready
   * @throws DrillError when it ends, or is not ready in time
   */
  async start(isReady: (output: string) => boolean): Promise<string> {
    const [program, ...args] = this.#command;
    const child = spawn(program!, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    });
    this.#process = child;
    child.stderr.pipe(this.#log, { end: false });
    child.stdout.pipe(this.#log, { end: false });
    return await new Promise((resolve, reject) => {
      let output = '';
      const settle = (problem: string | null) => {
        clearTimeout(timer);
        child.removeListener('exit', onExit);
        if (problem === null) resolve(output);
        else reject(new DrillError(`the target ${problem}: ${output.slice(-500)}`));
      };
      const onExit = (code: number | null, signal: string | null) =>
        settle(`ended with ${code ?? signal}`);
      const timer = setTimeout(() => settle('is not ready in time'), READY_MS);
      child.once('exit', onExit);
      child.once('error', (error) => settle(`cannot be started: ${error.message}`));
      const read = (chunk: Buffer) => {
        if (output.length > 64 * 1024) return;
        output += chunk.toString();
        if (isReady(output)) settle(null);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
    });
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#process!.kill(signal);
  }

  /** Sends a signal, and resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    const ended = once(this.#process!, 'exit');
    this.#process!.kill(signal);
    await ended;
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    if (this.running) await once(this.#process!, 'exit');
  }

  /** Ends it in whatever state it is, and closes its log. */
  async dispose(): Promise<void> {
    this.signal('SIGCONT');
    await this.end('SIGKILL');
    this.#log.end();
  }
}

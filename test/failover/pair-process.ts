import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/causeway.js', import.meta.url));
const READY_TIMEOUT_MS = 60_000;
const ATTEMPTS = 60;

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

/** What `causeway status --json` says, as far as these tests look at it. */
export interface Status {
  readonly active: string | null;
  readonly nodes: readonly {
    readonly name: string;
    readonly up: boolean;
    readonly process: number | null;
    readonly role: string;
    readonly epoch: number | null;
  }[];
  readonly region: { readonly up: boolean; readonly process: number | null };
  readonly front: { readonly up: boolean; readonly process: number | null };
  readonly takeover: {
    readonly node: string;
    readonly epoch: number;
    readonly reason: string;
  } | null;
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

/** `causeway up --multi-az` on free ports, with a short lease. */
export class PairProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'causeway-pair-'));
  readonly #supervisor = new CausewayProcess('up', '--multi-az', ...this.options);
  readonly #ports = new Map<string, number>();

  /** What all commands for this pair are given. */
  get options(): string[] {
    const protocols = ['mqtt', 'amqp', 'stomp'];
    const listeners = protocols.map((protocol) => ({ protocol, port: 0 }));
    return [
      ...['--data', this.folder, '--set', `listeners=${JSON.stringify(listeners)}`],
      ...['--set', 'admin.port=0', '--set', 'multiAz.region.port=0'],
      ...['--set', 'failover.lease=1s', '--set', 'failover.appendTimeout=500ms'],
    ];
  }

  /** Of the front. */
  port(protocol: 'mqtt' | 'amqp' | 'stomp'): number {
    return this.#ports.get(protocol)!;
  }

  /** Starts it, and waits until a node serves. */
  async start(): Promise<void> {
    const line = await this.#supervisor.start();
    for (const [, name, port] of line.matchAll(/(\S+)=\S*:(\d+)(?= |$)/gm)) {
      this.#ports.set(name!, Number(port));
    }
  }

  async status(): Promise<Status> {
    return JSON.parse((await causeway('status', '--json', ...this.options)).output) as Status;
  }

  /** Waits until the status is as it should be. */
  async until(what: string, wanted: (status: Status) => boolean): Promise<Status> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const status = await this.status();
      if (wanted(status)) return status;
    }
    throw new Error(`it never comes to ${what}:\n${this.#supervisor.log}`);
  }

  stop(signal?: NodeJS.Signals): Promise<number | string> {
    return this.#supervisor.stop(signal);
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Whether the process exists. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

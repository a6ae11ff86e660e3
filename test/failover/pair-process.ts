import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CausewayProcess, causeway } from './causeway-process.js';

const ATTEMPTS = 60;

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

/** `causeway up --multi-az` on free ports. */
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

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { SILENT_LOG } from '@causeway/core';
import { type ConnectOptions, connectRegion, type RegionLog } from '@causeway/failover';
import { temporaryFolder } from '../journal/store-fixture.js';
import { CLUSTER } from './region-fixture.js';

const SCRIPT = new URL('./region-main.mjs', import.meta.url).pathname;

/** A region in a process of its own (what `npm run build` made), in a folder that it keeps. */
export class RegionProcess {
  readonly folder = temporaryFolder();
  readonly #options: object;
  #child: ChildProcess | null = null;
  #port = 0;
  #output = '';
  #nodes = 0;

  /** @param options of the region, beside its folder and port */
  constructor(options: object = {}) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** What it has written to its log. */
  get output(): string {
    return this.#output;
  }

  /**
   * Starts it, on the port that it had before.
   * @param fileBytesMax largest file that it may write: more fails as on a full disk
   */
  async start(fileBytesMax?: number): Promise<void> {
    const options = { cluster: CLUSTER, ...this.#options, folder: this.folder, port: this.#port };
    // Ignored, the signal leaves an error of the write (EFBIG), as a full disk does (ENOSPC).
    const limited = `trap '' XFSZ; ulimit -f ${Math.floor((fileBytesMax ?? 0) / 512)};`;
    const script = `${fileBytesMax === undefined ? '' : limited} exec "$0" "$@"`;
    const argv = ['-c', script, process.execPath, SCRIPT, JSON.stringify(options)];
    const child = spawn('sh', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the region ended with ${code}: ${this.#output}`);
    });
    ended.catch(() => {});
    const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
    this.#port = Number(line.toString());
  }

  /** Ends it by a signal, and waits for that. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Waits for it to end by itself; returns its exit code. */
  async ended(): Promise<number | null> {
    const child = this.#child!;
    if (child.exitCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  /** A client under a name of its own. */
  connect(options: Partial<ConnectOptions> = {}): RegionLog {
    const name = `node-${++this.#nodes}`;
    return connectRegion({
      host: '127.0.0.1',
      port: this.#port,
      cluster: CLUSTER,
      node: { name, instance: `${name}-first` },
      log: SILENT_LOG,
      ...options,
    });
  }

  async dispose(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}

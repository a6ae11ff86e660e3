import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from '@causeway/core';

export type PartKind = 'region' | 'node' | 'front';

/** A process to keep running. */
export interface PartSpec {
  readonly name: string;
  readonly kind: PartKind;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Its control socket. */
  readonly control: string;
}

export interface PartServices {
  readonly log: Log;
  /** Takes the lines that the part writes, with its name before each. */
  writeLine(line: string): void;
}

export interface PartEndpoint {
  readonly name: string;
  readonly address: string;
}

/** What is known of a part. */
export interface PartStatus {
  readonly name: string;
  readonly kind: PartKind;
  /** Null while it does not run. */
  readonly pid: number | null;
  readonly state: 'stopped' | 'starting' | 'ready';
  /** Whether it stays down when it dies. */
  readonly held: boolean;
  /** How often it was started again. */
  readonly restarts: number;
  /** Where it can be reached, as it said when it was ready. */
  readonly endpoints: readonly PartEndpoint[];
  readonly control: string;
  /** How it ended the last time: its exit code, or the signal that ended it. */
  readonly lastExit: number | string | null;
}

/** The part cannot run as things are: starting it again will not help. */
export class PartError extends Error {
  readonly exitCode: number;

  constructor(name: string, exitCode: number) {
    super(`${name} cannot start: it ended with ${exitCode}, and its last lines say why`);
    this.exitCode = exitCode;
  }
}

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5000;
/** After so long without dying a part has recovered, and its next restart is a quick one. */
const STEADY_MS = 2000;
const STOP_MS = 15_000;
/** Exit codes of a wrong configuration and of a store that cannot be used (`causeway --help`). */
const HOPELESS: ReadonlySet<number> = new Set([2, 3, 4]);
/** What a predecessor holds may be free a moment later. */
const HOPELESS_STARTS = 3;

/** A child process that is started again when it dies, and that dies with this process. */
export class Part {
  readonly spec: PartSpec;
  /** Resolves when it is ready for the first time; rejects with a PartError. */
  readonly firstReady: Promise<void>;
  readonly #services: PartServices;
  #child: ChildProcess | null = null;
  #ready = false;
  #everReady = false;
  #held = false;
  #stopping = false;
  #restarts = -1;
  #failures = 0;
  #startedMs = 0;
  #endpoints: readonly PartEndpoint[] = [];
  #lastExit: number | string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #settle!: { resolve(): void; reject(error: Error): void };

  constructor(spec: PartSpec, services: PartServices) {
    this.spec = spec;
    this.#services = services;
    this.firstReady = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever does not wait for it learns of it from the log.
    this.firstReady.catch(() => {});
  }

  get status(): PartStatus {
    const { name, kind, control } = this.spec;
    return {
      name,
      kind,
      pid: this.#child?.pid ?? null,
      state: this.#child === null ? 'stopped' : this.#ready ? 'ready' : 'starting',
      held: this.#held,
      restarts: Math.max(this.#restarts, 0),
      endpoints: this.#endpoints,
      control,
      lastExit: this.#lastExit,
    };
  }

  /** Starts it, unless it runs. */
  start(): void {
    clearTimeout(this.#timer);
    if (this.#child !== null || this.#stopping) return;
    const { name, command } = this.spec;
    this.#ready = false;
    this.#restarts++;
    this.#startedMs = performance.now();
    // The channel ends when this process does, however that comes about: the child watches it.
    const child = spawn(process.execPath, [command, ...this.spec.arguments], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    createInterface({ input: child.stderr! }).on('line', (line) =>
      this.#services.writeLine(`${name} | ${line}`),
    );
    createInterface({ input: child.stdout! }).on('line', (line) => this.#said(line));
    child.on('error', (error) =>
      this.#services.log.error('part cannot be started', { part: name, reason: error.message }),
    );
    child.on('close', (code, signal) => this.#ended(code ?? signal ?? 'unknown'));
  }

  /** @returns false when it does not run */
  signal(signal: NodeJS.Signals): boolean {
    return this.#child?.kill(signal) ?? false;
  }

  /** When it dies it stays down. */
  hold(): void {
    this.#held = true;
    clearTimeout(this.#timer);
  }

  release(): void {
    this.#held = false;
    this.start();
  }

  /** Stops it in order and starts it again, also when it is held. */
  async restart(): Promise<void> {
    const held = this.#held;
    this.#held = true;
    await this.#end();
    this.#held = held;
    this.start();
  }

  /** Stops it for good. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#end();
  }

  /** Asks it to end, and makes it when it does not. */
  async #end(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.kill('SIGTERM');
    // A process that is stopped hears nothing but this.
    child.kill('SIGCONT');
    await ended;
    clearTimeout(timer);
  }

  #said(line: string): void {
    if (!line.startsWith('ready')) {
      this.#services.writeLine(`${this.spec.name} | ${line}`);
      return;
    }
    this.#endpoints = line
      .split(' ')
      .slice(1)
      .map((pair) => ({
        name: pair.slice(0, pair.indexOf('=')),
        address: pair.slice(pair.indexOf('=') + 1),
      }));
    this.#ready = true;
    this.#everReady = true;
    this.#settle.resolve();
  }

  #ended(how: number | string): void {
    const { name } = this.spec;
    const ranMs = performance.now() - this.#startedMs;
    this.#child = null;
    this.#ready = false;
    this.#lastExit = how;
    if (this.#stopping) return;
    this.#failures = ranMs > STEADY_MS ? 0 : this.#failures + 1;
    if (!this.#everReady && HOPELESS.has(Number(how)) && this.#failures >= HOPELESS_STARTS) {
      this.#settle.reject(new PartError(name, Number(how)));
      return;
    }
    const againMs = Math.min(BACKOFF_MS_MIN * 2 ** Math.max(0, this.#failures - 1), BACKOFF_MS_MAX);
    const plan = this.#held ? { held: true } : { againMs };
    this.#services.log.warn('part ended', { part: name, how, ...plan });
    if (!this.#held) this.#timer = setTimeout(() => this.start(), againMs);
  }
}

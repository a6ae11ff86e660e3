import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type ScryptCost, scryptMemory } from './scrypt-hash.js';

interface Job {
  readonly request: {
    readonly password: string | Uint8Array;
    readonly salt: Uint8Array;
    readonly bytes: number;
    readonly options: {
      readonly N: number;
      readonly r: number;
      readonly p: number;
      readonly maxmem: number;
    };
  };
  readonly resolve: (key: Buffer) => void;
  readonly reject: (error: Error) => void;
}

type Answer = { readonly key: Uint8Array } | { readonly error: string };

/** Runs in the worker; given as text so that it needs no file of its own beside the built one. */
const WORKER_SOURCE = `
const { parentPort } = require('node:worker_threads');
const { scryptSync } = require('node:crypto');
parentPort.on('message', ({ password, salt, bytes, options }) => {
  try {
    parentPort.postMessage({ key: scryptSync(password, salt, bytes, options) });
  } catch (error) {
    parentPort.postMessage({ error: error.message });
  }
});
`;

/** How many computations run at once: a core at least stays free for the broker itself. */
export const SCRYPT_WORKERS = Math.max(1, Math.min(4, availableParallelism() - 1));

/**
 * Computes scrypt on threads of its own. In libuv's pool it would hold up the store's writes, and
 * leave the memory of a computation, 16 MiB, behind in each of its threads.
 */
class ScryptThread {
  readonly #worker = new Worker(WORKER_SOURCE, {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  });
  #job: Job | null = null;

  constructor(idle: (thread: ScryptThread) => void, gone: (thread: ScryptThread) => void) {
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => {
      const job = this.#job!;
      this.#job = null;
      this.#worker.unref();
      if ('key' in answer) job.resolve(Buffer.from(answer.key));
      else job.reject(new Error(answer.error));
      idle(this);
    });
    this.#worker.on('error', (error) => this.#job?.reject(error));
    this.#worker.on('exit', () => gone(this));
  }

  run(job: Job): void {
    this.#job = job;
    // An idle worker does not keep the process alive, one with work does.
    this.#worker.ref();
    this.#worker.postMessage(job.request);
  }
}

const threads = new Set<ScryptThread>();
const idleThreads: ScryptThread[] = [];
const waiting: Job[] = [];

/** Derives a key of so many bytes (RFC 7914). */
export function deriveScryptKey(
  password: string | Uint8Array,
  salt: Uint8Array,
  bytes: number,
  cost: ScryptCost,
): Promise<Buffer> {
  const options = {
    N: 2 ** cost.logN,
    r: cost.blockSize,
    p: cost.parallelism,
    // OpenSSL counts a little more than the formula; the parser of hashes has bounded it already.
    maxmem: scryptMemory(cost) * 2,
  };
  return new Promise((resolve, reject) => {
    const job = { request: { password, salt, bytes, options }, resolve, reject };
    const thread = idleThreads.pop() ?? (threads.size < SCRYPT_WORKERS ? startThread() : null);
    if (thread === null) waiting.push(job);
    else thread.run(job);
  });
}

function startThread(): ScryptThread {
  const thread = new ScryptThread(workOn, (ended) => {
    threads.delete(ended);
    const place = idleThreads.indexOf(ended);
    if (place >= 0) idleThreads.splice(place, 1);
    // Whoever still waits gets a new thread.
    const next = waiting.shift();
    if (next !== undefined) startThread().run(next);
  });
  threads.add(thread);
  return thread;
}

function workOn(thread: ScryptThread): void {
  const next = waiting.shift();
  if (next === undefined) idleThreads.push(thread);
  else thread.run(next);
}

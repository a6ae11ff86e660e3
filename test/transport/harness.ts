import {
  type Backpressure,
  type CertificateSubject,
  createLimits,
  type EngineContext,
  type LimitName,
  type Log,
  Metrics,
  type Principal,
  type Protocol,
} from '@causeway/core';
import { type BoundAddress, type ListenerConfig, TickLoop, Transport } from '@causeway/transport';
import { onTestFinished } from 'vitest';

export interface HarnessOptions {
  readonly protocols: readonly Protocol[];
  readonly limits?: Partial<Record<LimitName, number>>;
  readonly principalOf?: (subject: CertificateSubject) => Principal | null;
  readonly certificatePollMs?: number;
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A transport between fake protocols and a broker that only counts its turns. */
export class Harness {
  readonly transport: Transport;
  readonly loop: TickLoop;
  readonly metrics = new Metrics();
  readonly lines: LogLine[] = [];
  /** Monotonic time; it stands still unless a test moves it. */
  nowMs = 0;
  turns = 0;
  overloaded = false;
  onTurn = () => {};

  constructor(options: HarnessOptions) {
    const clock = {
      refresh() {},
      monotonicMs: () => this.nowMs,
      wallMs: () => 0,
    };
    this.loop = new TickLoop({
      refresh() {},
      turn: () => {
        this.turns++;
        this.onTurn();
      },
    });
    this.transport = new Transport({
      protocols: options.protocols,
      context: {} as EngineContext,
      loop: this.loop,
      clock,
      limits: createLimits(options.limits),
      metrics: this.metrics,
      log: this.#log(),
      backpressure: () => (this.overloaded ? overloadOf(this) : null),
      principalOf: options.principalOf ?? (() => null),
      certificatePollMs: options.certificatePollMs ?? 3_600_000,
    });
    onTestFinished(() => this.transport.close(0));
  }

  async listen(config: Partial<ListenerConfig> & { protocol: string }): Promise<BoundAddress> {
    return await this.transport.listen({ host: '127.0.0.1', port: 0, ...config });
  }

  /** Whether a line of this event was logged. */
  logged(event: string): boolean {
    return this.lines.some((line) => line.event === event);
  }

  #log(): Log {
    const at =
      (level: string) =>
      (event: string, fields: LogLine['fields'] = {}) => {
        this.lines.push({ level, event, fields });
      };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      audit: at('audit'),
    };
  }
}

/** Waits until `condition` holds, looking once per iteration of the event loop. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function overloadOf(harness: { readonly overloaded: boolean }): Backpressure {
  return {
    get over() {
      return !harness.overloaded;
    },
  };
}

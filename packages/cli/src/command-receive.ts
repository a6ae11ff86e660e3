import type { IncomingMessage, MessageClient, ReceiveOptions } from './clients/message-client.js';
import { openClient } from './clients/open-client.js';
import { toProtocolName } from './destination.js';
import { type EndpointOptions, parseEndpoint } from './endpoint.js';
import { CommandError, usageError } from './exit-code.js';
import { type MessageFormat, writeMessage } from './print-message.js';
import { openProgress } from './progress.js';

export interface ReceiveCommandOptions extends EndpointOptions {
  readonly count?: number;
  readonly wait?: number;
  readonly qos: 0 | 1 | 2;
  readonly ack: 'auto' | 'client' | 'client-individual';
  readonly durable?: string;
  readonly clientId?: string;
  readonly prefetch: number;
  readonly header: readonly (readonly [string, string])[];
  readonly protocolVersion?: number;
  readonly timeout: number;
  readonly json?: boolean;
  readonly raw?: boolean;
}

/** `causeway receive`: writes what arrives, until enough has come or somebody stops it. */
export async function runReceive(
  url: string,
  destination: string,
  options: ReceiveCommandOptions,
): Promise<void> {
  if (options.json === true && options.raw === true) throw usageError('give --json or --raw');
  const endpoint = parseEndpoint(url, options, process.env);
  const prefetch = Math.min(options.prefetch, options.count ?? options.prefetch);
  const client = await openClient(endpoint, {
    clientId: options.clientId ?? options.durable,
    durable: options.durable !== undefined,
    protocolVersion: options.protocolVersion,
    receiveMaximum: prefetch,
    connectTimeoutMs: options.timeout * 1000,
  });
  const format = options.json === true ? 'json' : options.raw === true ? 'raw' : 'lines';
  try {
    await receiveMessages(
      client,
      {
        destination: toProtocolName(destination, endpoint.protocol),
        qos: options.qos,
        ack: options.ack,
        durable: options.durable,
        prefetch,
        headers: options.header,
      },
      { count: options.count, waitSeconds: options.wait, format },
    );
  } finally {
    await client.close();
  }
}

interface Until {
  readonly count: number | undefined;
  /** Give up when nothing comes for so long. */
  readonly waitSeconds: number | undefined;
  readonly format: MessageFormat;
}

async function receiveMessages(
  client: MessageClient,
  options: ReceiveOptions,
  until: Until,
): Promise<void> {
  const stop = new Stop(until.waitSeconds);
  // A bar between the messages would be in their way.
  const progress = openProgress(process.stdout.isTTY ? null : (until.count ?? null), 'messages');
  let taken = 0;
  let written = 0;
  const take = async (message: IncomingMessage): Promise<boolean> => {
    if (stop.stopped || (until.count !== undefined && taken >= until.count)) return false;
    taken++;
    stop.postpone();
    await writeMessage(process.stdout, message, until.format);
    progress.advance(++written);
    // Settled first: the client closes when the current work is done.
    if (written === until.count) setImmediate(() => stop.done());
    return true;
  };
  try {
    await client.receive(options, take);
    await Promise.race([client.ended, stop.reached]);
  } finally {
    stop.end();
    progress.stop();
  }
  if (until.count !== undefined && written < until.count && stop.timedOut) {
    throw new CommandError(`${written} of ${until.count} messages came in time`);
  }
}

/** When to stop: enough has come, nothing comes any more, or somebody asks. */
class Stop {
  readonly reached: Promise<void>;
  stopped = false;
  timedOut = false;
  readonly #resolve: () => void;
  readonly #waitMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(waitSeconds: number | undefined) {
    let resolve: () => void = () => {};
    this.reached = new Promise((done) => {
      resolve = done;
    });
    this.#resolve = resolve;
    this.#waitMs = waitSeconds === undefined ? undefined : waitSeconds * 1000;
    process.once('SIGINT', this.done);
    process.once('SIGTERM', this.done);
    this.postpone();
  }

  readonly done = (): void => {
    this.stopped = true;
    this.#resolve();
  };

  postpone(): void {
    if (this.#waitMs === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.timedOut = true;
      this.done();
    }, this.#waitMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    process.removeListener('SIGINT', this.done);
    process.removeListener('SIGTERM', this.done);
  }
}

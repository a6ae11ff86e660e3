import type { BenchDriver, DriverSettings } from './bench/bench-driver.js';
import { Benchmark, type BenchmarkOptions } from './bench/benchmark.js';
import { createReport, formatReport } from './bench/report.js';
import { isQueue, toProtocolName } from './destination.js';
import { type Endpoint, type EndpointOptions, formatEndpoint, parseEndpoint } from './endpoint.js';
import { CommandError, usageError } from './exit-code.js';
import { openProgress } from './progress.js';

export interface BenchCommandOptions extends EndpointOptions {
  readonly producers: number;
  readonly consumers: number;
  readonly size: number;
  readonly count: number;
  readonly qos: 0 | 1 | 2;
  readonly ack: 'auto' | 'client' | 'client-individual';
  readonly rate: number;
  readonly window: number;
  readonly prefetch: number;
  readonly durable?: boolean;
  readonly raw?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

const WINDOW_MAX = 65_535;

/** `causeway bench`: measures what a broker can do, and prints it. */
export async function runBench(
  url: string,
  destination: string | undefined,
  options: BenchCommandOptions,
): Promise<void> {
  if (options.producers === 0 && options.consumers === 0) {
    throw usageError('with no producers and no consumers there is nothing to measure');
  }
  if (options.window > WINDOW_MAX) throw usageError(`--window is at most ${WINDOW_MAX}`);
  const endpoint = parseEndpoint(url, options, process.env);
  const name = toProtocolName(destination ?? defaultDestination(endpoint), endpoint.protocol);
  const driver = await openDriver(endpoint, name, options);
  const progress = openProgress(options.count, 'messages');
  const benchmark = new Benchmark(
    driver,
    benchmarkOptions(isQueue(name, endpoint.protocol), options, progress.advance),
  );
  const stop = () => benchmark.stop();
  process.once('SIGINT', stop);
  const result = await benchmark.run().finally(() => {
    process.removeListener('SIGINT', stop);
    progress.stop();
  });
  const { producers, consumers, size, qos } = options;
  const report = createReport(
    {
      url: formatEndpoint(endpoint),
      driver: driver.name,
      destination: name,
      producers,
      consumers,
      size,
      qos,
    },
    result,
  );
  console.log(options.json === true ? JSON.stringify(report) : formatReport(report));
  if (report.missing > 0 && qos > 0) {
    throw new CommandError(`${report.missing} messages did not arrive in time`);
  }
}

function defaultDestination(endpoint: Endpoint): string {
  return endpoint.protocol === 'mqtt' ? 'topic://causeway-bench' : 'queue://causeway-bench';
}

async function openDriver(
  endpoint: Endpoint,
  destination: string,
  options: BenchCommandOptions,
): Promise<BenchDriver> {
  const settings: DriverSettings = {
    destination,
    qos: options.qos,
    ack: options.ack,
    prefetch: options.prefetch,
    durable: options.durable === true,
    connectTimeoutMs: options.timeout * 1000,
  };
  if (options.raw !== true) {
    const { createLibraryDriver } = await import('./bench/library-driver.js');
    return createLibraryDriver(endpoint, settings);
  }
  if (endpoint.transport === 'websocket') throw usageError('--raw speaks TCP and TLS only');
  if (endpoint.protocol === 'mqtt') {
    const { createRawMqttDriver } = await import('./bench/raw-mqtt.js');
    return createRawMqttDriver(endpoint, settings);
  }
  if (endpoint.protocol === 'amqp') {
    const { createRawAmqpDriver } = await import('./bench/raw-amqp.js');
    return createRawAmqpDriver(endpoint, settings);
  }
  const { createRawStompDriver } = await import('./bench/raw-stomp.js');
  return createRawStompDriver(endpoint, settings);
}

function benchmarkOptions(
  shared: boolean,
  options: BenchCommandOptions,
  onProgress: (done: number) => void,
): BenchmarkOptions {
  const { producers, consumers, count, size, rate, window, qos, timeout } = options;
  return {
    producers,
    consumers,
    count,
    size,
    rate,
    window,
    confirmed: qos > 0,
    fanOut: consumers > 0 && !shared,
    idleMs: timeout * 1000,
    onProgress,
  };
}

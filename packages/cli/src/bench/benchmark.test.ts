import { describe, expect, test } from 'vitest';
import type { BenchDriver, ConsumerEvents, ProducerEvents } from './bench-driver.js';
import { Benchmark, type BenchmarkOptions } from './benchmark.js';
import { createReport, formatReport } from './report.js';

/** A broker in memory that confirms and delivers at the end of each turn. */
function createFakeDriver(options: { readonly lose?: number; readonly fanOut?: boolean } = {}) {
  const consumers: ConsumerEvents[] = [];
  const producers: ProducerEvents[] = [];
  let taken = 0;
  let inFlight = 0;
  const state = { inFlightMax: 0, closed: 0 };
  const close = async () => {
    state.closed++;
  };
  const driver: BenchDriver = {
    name: 'fake',
    async openProducer(_name, events) {
      producers.push(events);
      let waiting: Buffer[] = [];
      return {
        writable: true,
        send: (body) => {
          waiting.push(Buffer.from(body));
          state.inFlightMax = Math.max(state.inFlightMax, ++inFlight);
        },
        flush: () => {
          const bodies = waiting;
          waiting = [];
          setImmediate(() => {
            for (const body of bodies) {
              inFlight--;
              if (++taken <= (options.lose ?? 0)) continue;
              const targets = options.fanOut ? consumers : [consumers[taken % consumers.length]];
              for (const target of targets) target?.received(body, 0, body.length);
            }
            if (bodies.length > 0) events.confirmed(bodies.length);
          });
        },
        close,
      };
    },
    async openConsumer(_name, events) {
      consumers.push(events);
      return { close };
    },
  };
  return { driver, state, producers };
}

const OPTIONS: BenchmarkOptions = {
  producers: 2,
  consumers: 2,
  count: 1001,
  size: 16,
  rate: 0,
  window: 10,
  confirmed: true,
  fanOut: false,
  idleMs: 300,
  onProgress() {},
};

describe('a benchmark', () => {
  test('sends all, within the windows, and receives all', async () => {
    const { driver, state } = createFakeDriver();
    const result = await new Benchmark(driver, OPTIONS).run();
    expect(result).toMatchObject({ sent: 1001, confirmed: 1001, received: 1001, expected: 1001 });
    expect(result.latency.count).toBe(1001);
    expect(result.confirmLatency.count).toBe(1001);
    expect(state.inFlightMax).toBeLessThanOrEqual(20);
    expect(state.closed).toBe(4);
  });

  test('expects each message at each consumer of a topic', async () => {
    const { driver } = createFakeDriver({ fanOut: true });
    const result = await new Benchmark(driver, { ...OPTIONS, fanOut: true }).run();
    expect(result).toMatchObject({ received: 2002, expected: 2002 });
  });

  test('is held back by the receivers when nobody confirms', async () => {
    const { driver, state } = createFakeDriver();
    const result = await new Benchmark(driver, { ...OPTIONS, confirmed: false }).run();
    expect(result.received).toBe(1001);
    expect(state.inFlightMax).toBeLessThanOrEqual(21);
  });

  test('keeps its rate', async () => {
    const { driver } = createFakeDriver();
    const options = { ...OPTIONS, count: 100, rate: 1000 };
    const result = await new Benchmark(driver, options).run();
    expect(result.sendSeconds).toBeGreaterThanOrEqual(0.097);
  });

  test('gives up on what does not come, and says so', async () => {
    const { driver } = createFakeDriver({ lose: 3 });
    const result = await new Benchmark(driver, OPTIONS).run();
    expect(result).toMatchObject({ sent: 1001, received: 998, expected: 1001 });
  });

  test('ends with the error of a connection', async () => {
    const { driver, producers } = createFakeDriver();
    const running = new Benchmark(driver, { ...OPTIONS, count: 1e9 }).run();
    setTimeout(() => producers[0]!.failed(new Error('gone')), 10);
    await expect(running).rejects.toThrow('gone');
  });

  test('can be stopped', async () => {
    const { driver } = createFakeDriver();
    const benchmark = new Benchmark(driver, { ...OPTIONS, count: 1e9 });
    setTimeout(() => benchmark.stop(), 10);
    expect((await benchmark.run()).received).toBeGreaterThan(0);
  });
});

test('the report has rates and percentiles, as a table and as data', async () => {
  const { driver } = createFakeDriver({ lose: 1 });
  const result = await new Benchmark(driver, OPTIONS).run();
  const settings = {
    ...{ url: 'mqtt://h:1', driver: 'fake', destination: 'a', producers: 2, consumers: 2 },
    ...{ size: 16, qos: 1 },
  };
  const report = createReport(settings, result);
  expect(report).toMatchObject({ sent: 1001, received: 1000, missing: 1 });
  expect(report.latencyMs?.p50).toBeLessThanOrEqual(report.latencyMs!.p999);
  const text = formatReport(report);
  for (const word of ['1,001', 'missing', 'p99.9', 'until confirmed', 'per second']) {
    expect(text).toContain(word);
  }
});

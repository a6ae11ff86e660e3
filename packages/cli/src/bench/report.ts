import Table from 'cli-table3';
import type { BenchmarkResult } from './benchmark.js';
import type { Histogram } from './histogram.js';

/** What was measured, and how; also what `--json` prints. */
export interface Report {
  readonly url: string;
  readonly driver: string;
  readonly destination: string;
  readonly producers: number;
  readonly consumers: number;
  readonly size: number;
  readonly qos: number;
  readonly sent: number;
  readonly confirmed: number;
  readonly received: number;
  readonly missing: number;
  readonly sendRate: number;
  readonly receiveRate: number;
  readonly latencyMs: Percentiles | null;
  readonly confirmMs: Percentiles | null;
}

export interface Percentiles {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

type Setting = 'url' | 'driver' | 'destination' | 'producers' | 'consumers' | 'size' | 'qos';

export function createReport(settings: Pick<Report, Setting>, result: BenchmarkResult): Report {
  const { sent, confirmed, received, expected, sendSeconds, receiveSeconds } = result;
  return {
    ...settings,
    sent,
    confirmed,
    received,
    missing: Math.max(0, expected - received),
    sendRate: perSecond(sent, sendSeconds),
    receiveRate: perSecond(received, receiveSeconds),
    latencyMs: percentiles(result.latency),
    confirmMs: percentiles(result.confirmLatency),
  };
}

/** The report as tables for people. */
export function formatReport(report: Report): string {
  const { url, driver, destination, producers, consumers, size, qos } = report;
  const title = `${driver}, ${url}, ${destination}: ${producers} to ${consumers}, ${size} bytes, QoS ${qos}`;
  const rates = new Table({
    head: ['', 'messages', 'per second'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [] },
  });
  if (producers > 0) rates.push(['sent', grouped(report.sent), grouped(report.sendRate)]);
  if (report.confirmMs !== null) rates.push(['confirmed', grouped(report.confirmed), '']);
  if (consumers > 0) {
    rates.push(['received', grouped(report.received), grouped(report.receiveRate)]);
    if (report.missing > 0) rates.push(['missing', grouped(report.missing), '']);
  }
  return [title, rates.toString(), ...formatLatencies(report)].join('\n');
}

function formatLatencies({ latencyMs, confirmMs }: Report): string[] {
  const table = new Table({
    head: ['milliseconds', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  const row = (name: string, values: Percentiles) =>
    table.push([name, ...Object.values(values).map((value: number) => value.toFixed(2))]);
  if (latencyMs !== null) row('end to end', latencyMs);
  if (confirmMs !== null) row('until confirmed', confirmMs);
  return table.length === 0 ? [] : [table.toString()];
}

function percentiles(histogram: Histogram): Percentiles | null {
  if (histogram.count === 0) return null;
  return {
    mean: rounded(histogram.meanMs),
    p50: rounded(histogram.percentileMs(50)),
    p90: rounded(histogram.percentileMs(90)),
    p99: rounded(histogram.percentileMs(99)),
    p999: rounded(histogram.percentileMs(99.9)),
    max: rounded(histogram.maxMs),
  };
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? Math.round(count / seconds) : 0;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

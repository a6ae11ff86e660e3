import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Registry } from 'prom-client';
import { registerCounter, registerGauge } from './register.js';

const FILE_DESCRIPTORS = '/proc/self/fd';

/** Registers what the operating system and Node know of this process; nothing runs in between. */
export function registerProcessMetrics(registry: Registry): void {
  const memory = () => process.memoryUsage();
  registerCounter(registry, 'process_cpu_seconds_total', 'CPU time, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registerGauge(registry, 'process_resident_memory_bytes', 'Memory in RAM.', () => memory().rss);
  registerGauge(
    registry,
    'nodejs_heap_size_used_bytes',
    'JavaScript objects.',
    () => memory().heapUsed,
  );
  registerGauge(
    registry,
    'nodejs_external_memory_bytes',
    'Buffers and the like.',
    () => memory().external,
  );
  registerGauge(
    registry,
    'process_start_time_seconds',
    'Start, in seconds since 1970.',
    () => performance.timeOrigin / 1000,
  );
  registerEventLoop(registry);
  registerFileDescriptors(registry);
}

/** The share of time since the last scrape in which the one thread was busy. */
function registerEventLoop(registry: Registry): void {
  let last = performance.eventLoopUtilization();
  registerGauge(
    registry,
    'causeway_event_loop_utilization',
    'Busy share since the last scrape.',
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return Number.isFinite(utilization) ? utilization : 0;
    },
  );
}

function registerFileDescriptors(registry: Registry): void {
  try {
    readdirSync(FILE_DESCRIPTORS);
  } catch {
    return;
  }
  registerGauge(
    registry,
    'process_open_fds',
    'Open file descriptors.',
    () => readdirSync(FILE_DESCRIPTORS).length,
  );
}

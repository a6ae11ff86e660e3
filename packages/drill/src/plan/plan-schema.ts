import { z } from 'zod';
import { parseDuration } from './duration.js';
import type { Budget, Plan } from './plan.js';

const HOUR_MS = 3_600_000;

const whole = (min: number, max: number) => {
  const range = `must be a whole number from ${min} to ${max}`;
  return z.number({ error: range }).int(range).min(min, range).max(max, range);
};
const duration = (min = 0, max = 24 * HOUR_MS) => {
  const range = `must be a duration from ${min} ms to ${max} ms, such as 1500ms or 10s`;
  return z.preprocess(
    (value) => parseDuration(value) ?? value,
    z.number({ error: range }).int(range).min(min, range).max(max, range),
  );
};
const choice = <T extends string>(values: readonly T[]) =>
  z.enum(values as [T, ...T[]], { error: `must be one of ${values.join(', ')}` });
const text = () => z.string({ error: 'must be text' }).min(1, 'must not be empty');

const time = { at: duration().default(0), within: duration().default(0) };
const part = choice(['active', 'standby', 'region', 'front', 'all']).default('active');
const direction = choice(['upstream', 'downstream', 'both']).default('both');
const edge = z
  .string({ error: 'must be two parts, such as clients~active' })
  .regex(
    /^(clients|front|active|standby|region)~(clients|front|active|standby|region)$/,
    'must be two parts of clients, front, active, standby and region, such as clients~active',
  )
  .default('clients~active');
const link = { ...time, edge, direction, for: duration(1) };
const process = { ...time, on: part };

const fault = z.discriminatedUnion(
  'fault',
  [
    z.strictObject({ fault: choice(['kill', 'terminate', 'reboot', 'promote']), ...process }),
    z.strictObject({ fault: choice(['pause', 'stall']), ...process, for: duration(1) }),
    z.strictObject({ fault: choice(['cut', 'half-open', 'reset', 'partition']), ...link }),
    z.strictObject({
      fault: z.literal('latency'),
      ...link,
      latency: duration(1),
      jitter: duration().default(0),
    }),
    z.strictObject({ fault: z.literal('bandwidth'), ...link, rate: whole(1, 1e9) }),
    z.strictObject({
      fault: z.literal('flapping'),
      ...time,
      edge,
      period: duration(10),
      for: duration(1),
    }),
    z.strictObject({ fault: z.literal('full-disk'), ...process, for: duration(1) }),
    z.strictObject({
      fault: z.literal('slow-disk'),
      ...process,
      delay: duration(1),
      for: duration(1),
    }),
    z.strictObject({ fault: choice(['flip-bit', 'truncate']), ...process }),
    z.strictObject({
      fault: z.literal('clock-jump'),
      ...process,
      by: duration(-24 * HOUR_MS),
      for: duration(1),
    }),
    z.strictObject({
      fault: z.literal('storm'),
      ...time,
      connections: whole(1, 50_000),
      for: duration(1).default(2000),
    }),
  ],
  { error: 'is not a fault that a drill knows' },
);

const lane = z.strictObject({
  name: text().optional(),
  client: choice(['mqtt', 'amqp', 'stomp']),
  pattern: choice(['messages', 'transactions', 'retained']).default('messages'),
  qos: z.literal([1, 2], { error: 'must be 1 or 2' }).default(1),
  producers: whole(1, 1000).default(1),
  consumers: whole(0, 1000).default(1),
  rate: whole(1, 1_000_000).default(50),
  size: whole(1, 16 * 1024 * 1024).default(200),
});

const budget = z.preprocess(
  (value) => (typeof value === 'object' ? value : { max: value }),
  z.strictObject({
    median: duration(1).optional(),
    p95: duration(1).optional(),
    max: duration(1).optional(),
  }) as z.ZodType<Budget>,
);

const limits = z.strictObject({
  lost: whole(0, 1e9).default(0),
  unflaggedDuplicates: whole(0, 1e9).default(0),
  flaggedDuplicates: whole(0, 1e9).optional(),
  reordered: whole(0, 1e9).default(0),
  writeRto: budget.optional(),
  readRto: budget.optional(),
  reconnect: budget.optional(),
});

/** Everything that a broker promises to keep, a little of each. */
const STOCK_WORKLOAD = [
  { client: 'mqtt', name: 'mqtt-qos1' },
  { client: 'mqtt', name: 'mqtt-qos2', qos: 2 },
  { client: 'amqp' },
  { client: 'stomp' },
  { client: 'stomp', name: 'stomp-transactions', pattern: 'transactions' },
  { client: 'mqtt', name: 'mqtt-retained', pattern: 'retained', rate: 10, consumers: 0 },
] as const;

/** What a plan's file may say. Each message follows the key that it is about. */
export const PLAN_SCHEMA = z.strictObject({
  name: text(),
  description: text().default('no description'),
  seed: whole(0, 2 ** 32 - 1).default(1),
  rounds: whole(1, 10_000).default(1),
  every: duration(100),
  warmUp: duration().default(2000),
  settle: duration().default(2000),
  drain: duration(100).default(20_000),
  heartBeat: duration(100).default(2000),
  workload: z
    .array(lane, { error: 'must be a list of lanes' })
    .min(1, 'must name a lane')
    .prefault([...STOCK_WORKLOAD]),
  faults: z.array(fault, { error: 'must be a list of faults' }).default([]),
  limits: limits.prefault({}),
}) satisfies z.ZodType<Omit<Plan, 'workload'>>;

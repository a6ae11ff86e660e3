import { BrokerError } from '@causeway/core';

/** `upstream` is what the connecting side sends, `downstream` what it is sent. */
export type Direction = 'upstream' | 'downstream';

interface Attribute {
  readonly default: number;
  readonly max: number;
}

const MILLISECONDS: Attribute = { default: 0, max: 3_600_000 };
const SIZE: Attribute = { default: 0, max: 2 ** 40 };

/**
 * What a proxy can do to connections, in Toxiproxy's words, with what each can be told.
 * - `down`: nothing listens, and connections are reset; has no direction.
 * - `latency`: bytes arrive later, in order: `latency` plus or minus `jitter`, in milliseconds.
 * - `bandwidth`: `rate` in KiB a second; 0 holds everything back, as a network that is away for a
 *   while and then repeats what was lost.
 * - `timeout`: bytes vanish, and after `timeout` milliseconds the connection is closed; 0 for never.
 * - `reset_peer`: after `timeout` milliseconds the connection is reset.
 * - `slicer`: bytes arrive in pieces of `average_size`, plus or minus `size_variation`, `delay`
 *   microseconds apart.
 * - `limit_data`: after `bytes` the connection is closed.
 * - `half_open`: bytes and ends of connections vanish, and no side is told.
 */
export const TOXICS = {
  down: {},
  latency: { latency: MILLISECONDS, jitter: MILLISECONDS },
  bandwidth: { rate: SIZE },
  timeout: { timeout: MILLISECONDS },
  reset_peer: { timeout: MILLISECONDS },
  slicer: {
    average_size: { default: 64, max: 2 ** 30 },
    size_variation: { default: 0, max: 2 ** 30 },
    delay: { default: 0, max: 3_600_000_000 },
  },
  limit_data: { bytes: SIZE },
  half_open: {},
} as const satisfies Readonly<Record<string, Readonly<Record<string, Attribute>>>>;

export type ToxicType = keyof typeof TOXICS;

export interface Toxic {
  readonly type: ToxicType;
  readonly direction: Direction;
  /** All of the type's attributes. */
  readonly attributes: Readonly<Record<string, number>>;
}

/**
 * Reads `{ type, direction, attributes }`; the direction may be `both`.
 * @returns one toxic for each direction
 * @throws BrokerError `config-invalid` for anything else
 */
export function parseToxics(input: unknown): Toxic[] {
  const { type, direction = 'both', attributes = {}, ...rest } = asRecord(input, 'a toxic');
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw wrong(`a toxic has no ${unknown}`);
  if (typeof type !== 'string' || !Object.hasOwn(TOXICS, type)) {
    throw wrong(`type must be one of ${Object.keys(TOXICS).join(', ')}`);
  }
  const parsed = parseAttributes(type as ToxicType, asRecord(attributes, 'attributes'));
  const directions = parseDirections(type as ToxicType, direction);
  return directions.map((each) => ({
    type: type as ToxicType,
    direction: each,
    attributes: parsed,
  }));
}

function parseDirections(type: ToxicType, direction: unknown): Direction[] {
  if (direction === 'upstream' || direction === 'downstream') return [direction];
  if (direction !== 'both') throw wrong('direction must be upstream, downstream or both');
  return type === 'down' ? ['downstream'] : ['upstream', 'downstream'];
}

function parseAttributes(
  type: ToxicType,
  given: Readonly<Record<string, unknown>>,
): Record<string, number> {
  const known: Readonly<Record<string, Attribute>> = TOXICS[type];
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) throw wrong(`${type} has no attribute ${name}`);
  }
  const entries = Object.entries(known).map(([name, attribute]) => {
    const value = given[name] ?? attribute.default;
    if (typeof value !== 'number' || !(value >= 0 && value <= attribute.max)) {
      throw wrong(`${name} must be a number from 0 to ${attribute.max}`);
    }
    return [name, value];
  });
  return Object.fromEntries(entries);
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(`${what} must be an object`);
  }
  return value as Record<string, unknown>;
}

function wrong(message: string): BrokerError {
  return new BrokerError('config-invalid', message);
}

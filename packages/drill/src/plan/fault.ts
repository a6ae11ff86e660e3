/** Something that is done to the target at a time of each round. */
export type Fault = FaultTime & FaultKind;

interface FaultTime {
  /** Milliseconds from the start of the round. */
  readonly at: number;
  /** Up to so many milliseconds later, as the seed has it. */
  readonly within: number;
}

/**
 * A part by its role: `active`, `standby`, `region` (the log), `front`, or `all` brokers. A single
 * broker is active.
 */
export type PartName = 'active' | 'standby' | 'region' | 'front' | 'all';

/** Seen from the client, or from whoever else opened the connection. */
export type Direction = 'upstream' | 'downstream' | 'both';

/** Two parts, or `clients` and one: `clients~active`, `active~region`. */
export type Edge = string;

export type FaultKind =
  | { readonly fault: 'kill' | 'terminate' | 'reboot' | 'promote'; readonly on: PartName }
  | { readonly fault: 'pause' | 'stall'; readonly on: PartName; readonly for: number }
  | {
      readonly fault: 'cut' | 'half-open' | 'reset' | 'partition';
      readonly edge: Edge;
      readonly direction: Direction;
      readonly for: number;
    }
  | {
      readonly fault: 'latency';
      readonly edge: Edge;
      readonly direction: Direction;
      readonly latency: number;
      readonly jitter: number;
      readonly for: number;
    }
  | {
      readonly fault: 'bandwidth';
      readonly edge: Edge;
      readonly direction: Direction;
      /** Bytes per second. */
      readonly rate: number;
      readonly for: number;
    }
  | {
      readonly fault: 'flapping';
      readonly edge: Edge;
      /** Milliseconds that it is up, and down, in turn. */
      readonly period: number;
      readonly for: number;
    }
  | { readonly fault: 'full-disk'; readonly on: PartName; readonly for: number }
  | {
      readonly fault: 'slow-disk';
      readonly on: PartName;
      /** Milliseconds that each fsync takes longer. */
      readonly delay: number;
      readonly for: number;
    }
  | { readonly fault: 'flip-bit' | 'truncate'; readonly on: PartName }
  | {
      readonly fault: 'clock-jump';
      readonly on: PartName;
      /** Milliseconds; negative to go back. */
      readonly by: number;
      readonly for: number;
    }
  | { readonly fault: 'storm'; readonly connections: number; readonly for: number };

/** Describes a fault in a few words, such as `kill active`. */
export function describeFault(fault: Fault): string {
  const where = 'on' in fault ? fault.on : 'edge' in fault ? fault.edge : '';
  const way = 'direction' in fault && fault.direction !== 'both' ? ` ${fault.direction}` : '';
  const long = 'for' in fault && fault.for > 0 ? ` for ${fault.for} ms` : '';
  return `${fault.fault} ${where}${way}${long}`.trim();
}

import type { Direction, Toxic } from './toxic.js';

/** What toxics together make of one direction of a connection. */
export interface FlowSettings {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Infinity for as many as go; 0 for none. */
  readonly bytesPerMs: number;
  /** Bytes of a piece; 0 for pieces as they come. */
  readonly sliceBytes: number;
  readonly sliceVariation: number;
  readonly sliceDelayMs: number;
  /** Bytes after which the connection is closed. */
  readonly bytesMax: number;
  /** Bytes and the end of the stream disappear. */
  readonly vanish: boolean;
  /** Whether nothing at all is done. */
  readonly plain: boolean;
}

export const PLAIN: FlowSettings = {
  latencyMs: 0,
  jitterMs: 0,
  bytesPerMs: Number.POSITIVE_INFINITY,
  sliceBytes: 0,
  sliceVariation: 0,
  sliceDelayMs: 0,
  bytesMax: Number.POSITIVE_INFINITY,
  vanish: false,
  plain: true,
};

/** Of several toxics of one type the last one counts. */
export function flowSettings(toxics: readonly Toxic[], direction: Direction): FlowSettings {
  let settings = PLAIN;
  for (const toxic of toxics) {
    if (toxic.direction !== direction) continue;
    settings = { ...settings, ...changesOf(toxic) };
  }
  return settings;
}

function changesOf({ type, attributes }: Toxic): Partial<FlowSettings> {
  const value = (name: string) => attributes[name]!;
  switch (type) {
    case 'latency':
      return { plain: false, latencyMs: value('latency'), jitterMs: value('jitter') };
    case 'bandwidth':
      return { plain: false, bytesPerMs: (value('rate') * 1024) / 1000 };
    case 'slicer':
      return {
        plain: false,
        sliceBytes: Math.max(1, Math.round(value('average_size'))),
        sliceVariation: value('size_variation'),
        sliceDelayMs: value('delay') / 1000,
      };
    case 'limit_data':
      return { plain: false, bytesMax: value('bytes') };
    case 'timeout':
    case 'half_open':
      return { plain: false, vanish: true };
    case 'down':
    case 'reset_peer':
      return {};
  }
}

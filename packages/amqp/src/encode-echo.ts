import { encodeState } from './codec/encode-state.js';
import type { DeliveryOutcome, DeliveryState } from './codec/types.js';

/** States up to this size are repeated as they are. */
const ECHO_BYTES_MAX = 128;

/**
 * The outcome that a client gave, for the frame in which we settle it. What it said in many words,
 * which it knows, is left out: a frame to it may be smaller than one from it (part 2.7.1).
 */
export function encodeEcho(state: DeliveryState): Buffer {
  const encoded = encodeState(state);
  if (encoded.length <= ECHO_BYTES_MAX) return encoded;
  if (state.kind !== 'transactional') return encodeState(inShort(state as DeliveryOutcome));
  const { outcome } = state;
  return encodeState({ ...state, outcome: outcome === null ? null : inShort(outcome) });
}

function inShort(outcome: DeliveryOutcome): DeliveryOutcome {
  switch (outcome.kind) {
    case 'rejected':
      return { kind: 'rejected', error: null };
    case 'modified':
      return { ...outcome, annotations: null };
    default:
      return outcome;
  }
}

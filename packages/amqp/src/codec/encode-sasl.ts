import { encodeFrame } from './encode-frame.js';
import { DESCRIPTOR, FRAME_TYPE } from './types.js';
import type { ValueWriter } from './value-writer.js';

/** Part 5.3.3.1. Each of these gives one whole frame. */
export function encodeSaslMechanisms(mechanisms: readonly string[]): Buffer {
  return saslFrame(DESCRIPTOR.saslMechanisms, (writer) => writer.symbolArray(mechanisms));
}

/** Part 5.3.3.3. */
export function encodeSaslChallenge(challenge: Uint8Array): Buffer {
  return saslFrame(DESCRIPTOR.saslChallenge, (writer) => writer.binary(challenge));
}

/**
 * Part 5.3.3.5.
 * @param code one of `SASL_CODE`
 */
export function encodeSaslOutcome(code: number, additionalData: Uint8Array | null): Buffer {
  return saslFrame(DESCRIPTOR.saslOutcome, (writer) => writer.ubyte(code).binary(additionalData));
}

function saslFrame(code: number, fill: (writer: ValueWriter) => void): Buffer {
  return encodeFrame(FRAME_TYPE.sasl, 0, (writer) => {
    fill(writer.described(code).beginList());
    writer.endList();
  });
}

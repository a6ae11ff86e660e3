import { BrokerError } from '@causeway/core';

export interface Endpoint {
  /** What is spoken there, such as `mqtt`. */
  readonly name: string;
  readonly address: string;
}

export type TakeoverReason = 'first' | 'lease' | 'hand-over' | 'promote';

/** What a new leader says of itself: the body of `open`. */
export interface LeaderNote {
  readonly node: string;
  /** Where clients reach it. */
  readonly endpoints: readonly Endpoint[];
  readonly reason: TakeoverReason;
}

/** What a leader that stops says: the body of `close`. */
export interface FarewellNote {
  readonly node: string;
  /** Who shall lead next; null for whoever comes first. */
  readonly successor: string | null;
}

export function writeNote(note: LeaderNote | FarewellNote): Buffer {
  return Buffer.from(JSON.stringify(note));
}

/** @throws BrokerError `storage-corrupt` */
export function readLeaderNote(body: Buffer): LeaderNote | null {
  return body.length === 0 ? null : parse<LeaderNote>(body);
}

/** @throws BrokerError `storage-corrupt` */
export function readFarewell(body: Buffer): FarewellNote {
  return parse<FarewellNote>(body);
}

function parse<Note extends { readonly node: string }>(body: Buffer): Note {
  try {
    const note = JSON.parse(body.toString('utf8')) as Note;
    if (typeof note?.node === 'string') return note;
  } catch {
    // Answered below.
  }
  throw new BrokerError('storage-corrupt', 'a record of leadership in the log cannot be read');
}

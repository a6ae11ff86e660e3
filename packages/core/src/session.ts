import type { Message } from './message.js';
import type { Queue } from './queue.js';

/** Whoever holds a session at the moment: a connection's engine. */
export interface SessionOwner {
  /** Another connection took the session over; the owner must tell its client and close. */
  sessionTaken(): void;
}

/** A message to send when a client goes away without saying so. */
export interface Will {
  readonly message: Message;
  /** Milliseconds between the end of the connection and the message. */
  readonly delayMs: number;
  /** Milliseconds that the message lives once it is sent; 0 for ever. */
  readonly expiryMs: number;
}

/**
 * A client's durable state: its queue with its bindings, small values of its protocol (slots), and
 * its will. It outlives connections for as long as its expiry says.
 */
export interface Session {
  readonly id: number;
  /** Unique name; protocols put a prefix of theirs before the client id. */
  readonly name: string;
  readonly queue: Queue;
  /** Milliseconds that it outlives its connection; 0 ends with it, Infinity never ends. */
  expiryMs: number;
  /** Null while nobody is connected. */
  owner: SessionOwner | null;
  /** Small durable values of the protocol, by number; change them through the broker. */
  readonly slots: ReadonlyMap<number, Buffer>;
  /** What the protocol keeps in memory across connections; lost in a restart. */
  attachment: unknown;
}

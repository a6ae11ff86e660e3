import type { Fault } from './fault.js';

/** A drill: who sends and receives what, what goes wrong meanwhile, and what must hold. */
export interface Plan {
  readonly name: string;
  readonly description: string;
  readonly seed: number;
  /** How often the faults are repeated. */
  readonly rounds: number;
  /** Milliseconds of a round. */
  readonly every: number;
  /** Milliseconds of work before the first round. */
  readonly warmUp: number;
  /** Milliseconds of work after the last round. */
  readonly settle: number;
  /** Milliseconds that the consumers may take to get all that was confirmed. */
  readonly drain: number;
  /** Milliseconds of silence after which clients ask whether the broker is there. */
  readonly heartBeat: number;
  readonly workload: readonly Lane[];
  readonly faults: readonly Fault[];
  readonly limits: Limits;
}

export type ClientName = 'mqtt' | 'amqp' | 'stomp';

/** Some producers and consumers of one kind, with a destination of their own. */
export interface Lane {
  readonly name: string;
  readonly client: ClientName;
  /**
   * `messages`: each for itself. `transactions`: in transactions of several, some of which are
   * aborted. `retained`: the last message of a topic is read after the drill.
   */
  readonly pattern: 'messages' | 'transactions' | 'retained';
  /** Of MQTT. */
  readonly qos: 1 | 2;
  readonly producers: number;
  readonly consumers: number;
  /** Messages per second of all its producers together. */
  readonly rate: number;
  /** Bytes of a message. */
  readonly size: number;
}

/** What must hold; what is absent is measured, and nothing is said about it. */
export interface Limits {
  /** Confirmed messages that may be lost. */
  readonly lost: number;
  /** Deliveries of a message again that do not say so. */
  readonly unflaggedDuplicates: number;
  readonly flaggedDuplicates?: number | undefined;
  readonly reordered: number;
  /** Milliseconds without a confirm, and without a delivery, after a fault. */
  readonly writeRto?: Budget | undefined;
  readonly readRto?: Budget | undefined;
  /** Milliseconds until a client is connected again. */
  readonly reconnect?: Budget | undefined;
}

/** Limits in milliseconds of what is measured many times. */
export interface Budget {
  readonly median?: number | undefined;
  readonly p95?: number | undefined;
  readonly max?: number | undefined;
}

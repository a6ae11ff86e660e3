import type { Ledger } from '../ledger/ledger.js';
import type { Lane } from '../plan/plan.js';

/** Where a client connects to. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What every client of a drill is told. */
export interface ClientSettings {
  readonly name: string;
  readonly lane: Lane;
  /** In the words of the client's protocol. */
  readonly destination: string;
  /** Tried in turn. */
  readonly addresses: readonly Address[];
  readonly user: string;
  readonly password: string;
  /** 4 for MQTT 3.1.1, or 5. */
  readonly mqttVersion: 4 | 5;
  readonly heartBeatMs: number;
  readonly ledger: Ledger;
  /** The epoch that the target is known to be in. */
  readonly epoch: () => number | undefined;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
}

/** A client that sends, whatever happens to its connection. */
export interface Producer {
  /** Called at the plan's rate, connected or not. */
  send(sequence: number): void;
  /** Messages that were sent, or wait to be, without an answer. */
  readonly unconfirmed: number;
  /** Gives up on what is not confirmed. */
  close(): Promise<void>;
}

/** A client that receives and settles, whatever happens to its connection. */
export interface Consumer {
  readonly connected: boolean;
  close(): Promise<void>;
}

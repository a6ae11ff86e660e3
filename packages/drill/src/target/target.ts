import type { LedgerEntry } from '../ledger/ledger-event.js';
import type { Fault } from '../plan/fault.js';
import type { Address } from '../workload/client-settings.js';

export type ProtocolName = 'mqtt' | 'amqp' | 'stomp';

/** A fault that the target can have. */
export interface Injection {
  /** Which part it hits. */
  readonly detail: string;
  begin(): Promise<void>;
  /** Ends it, if it does not end by itself; what was killed is back when this resolves. */
  end(): Promise<void>;
}

/** Why it cannot. */
export interface NotApplicable {
  readonly reason: string;
}

/** What a drill is run against. */
export interface DrillTarget {
  readonly name: string;
  readonly user: string;
  readonly password: string;
  readonly mqttVersion: 4 | 5;
  /** Lanes of others are left out. */
  readonly protocols: readonly ProtocolName[];
  /** A STOMP destination where the broker puts what it gives up on. */
  readonly deadLetters: string;
  /**
   * Starts it with an empty store, and resolves when clients can come.
   * @param record writes down which node leads, as long as the target runs
   * @throws DrillError when it does not start
   */
  start(record: (entry: LedgerEntry) => void): Promise<void>;
  /** Where clients of a protocol connect to; tried in turn. */
  addresses(protocol: ProtocolName): readonly Address[];
  /** The epoch that it is in; undefined when it has none. */
  epoch(): number | undefined;
  prepare(fault: Fault): Promise<Injection | NotApplicable>;
  /** Compares what the nodes hold, in the end; writes down the digests. */
  compare(): Promise<void>;
  stop(): Promise<void>;
}

import type { Metrics, QueueKind } from '@causeway/core';

/** What is shown of one queue. */
export interface QueueView {
  readonly name: string;
  readonly kind: QueueKind;
  /** Messages that are not settled. */
  readonly length: number;
  readonly consumers: readonly unknown[];
}

/** What is shown of a node among others. */
export interface NodeView {
  readonly role: string;
  /** How many leaders there were. */
  readonly epoch: number;
  /** Name of the node that leads, as far as it is known. */
  readonly leader: string | null;
}

/** What the admin server shows of a broker. It is read when somebody asks, never before. */
export interface BrokerView {
  readonly role: 'starting' | 'standby' | 'active' | 'stopping';
  /** Its part among the nodes over one log; null for a broker that stands alone. */
  readonly node: NodeView | null;
  readonly metrics: Readonly<Metrics>;
  /** Producers are held because too much waits for the disk. */
  readonly overloaded: boolean;
  readonly sessionCount: number;
  readonly retainedCount: number;
  /** Messages that wait for their time. */
  readonly delayedCount: number;
  queues(): Iterable<QueueView>;
}

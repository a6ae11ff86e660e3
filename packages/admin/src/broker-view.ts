import type { Metrics, QueueKind } from '@causeway/core';

/** What is shown of one queue. */
export interface QueueView {
  readonly name: string;
  readonly kind: QueueKind;
  /** Messages that are not settled. */
  readonly length: number;
  readonly consumers: readonly unknown[];
}

/** What the admin server shows of a broker. It is read when somebody asks, never before. */
export interface BrokerView {
  readonly role: 'starting' | 'active' | 'stopping';
  readonly metrics: Readonly<Metrics>;
  /** Producers are held because too much waits for the disk. */
  readonly overloaded: boolean;
  readonly sessionCount: number;
  readonly retainedCount: number;
  /** Messages that wait for their time. */
  readonly delayedCount: number;
  queues(): Iterable<QueueView>;
}

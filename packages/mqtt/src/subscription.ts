import type { Binding, Consumer, Queue } from '@causeway/core';
import { ByteWriter } from '@causeway/wire';
import type { Qos } from './codec/types.js';

const SUBSCRIPTION_IDENTIFIER = 0x0b;
const EMPTY = Buffer.alloc(0);

/** What a binding's `data` says of an MQTT subscription. */
export interface SubscriptionData {
  /** The granted QoS. */
  readonly qos: Qos;
  readonly retainAsPublished: boolean;
  /** 0 for none. */
  readonly identifier: number;
}

/** What several subscriptions that match one message come to: it is delivered once. */
export interface DeliveryPlan {
  /** The highest granted QoS [MQTT-3.3.4-2]. */
  readonly qos: number;
  readonly retainAsPublished: boolean;
  /** All subscription identifiers, as properties of a PUBLISH [MQTT-3.3.4-3, -4]. */
  readonly identifiers: Buffer;
}

/** For what reached a queue by other ways than a subscription. */
export const UNBOUND_PLAN: DeliveryPlan = { qos: 2, retainAsPublished: false, identifiers: EMPTY };

export function planOf(subscriptions: readonly SubscriptionData[]): DeliveryPlan {
  const writer = new ByteWriter(16);
  for (const { identifier } of subscriptions) {
    if (identifier > 0) writer.uint8(SUBSCRIPTION_IDENTIFIER).variableInteger(identifier);
  }
  return {
    qos: Math.max(...subscriptions.map(({ qos }) => qos)),
    retainAsPublished: subscriptions.some(({ retainAsPublished }) => retainAsPublished),
    identifiers: writer.take(),
  };
}

export function planOfBindings(bindings: readonly Binding[]): DeliveryPlan {
  return bindings.length === 0 ? UNBOUND_PLAN : planOf(bindings.map(dataOf));
}

/** Reads back what a binding was given; other protocols may have bound the queue, too. */
export function dataOf(binding: Binding): SubscriptionData {
  const { qos, retainAsPublished, identifier } = binding.options.data;
  return {
    qos: qos === 0 || qos === 1 ? qos : 2,
    retainAsPublished: retainAsPublished === true,
    identifier: typeof identifier === 'number' ? identifier : 0,
  };
}

/**
 * A subscription that competes for a queue of its own kind instead of feeding the session's:
 * `$share/...` and `$queue/...`.
 */
export class QueueSubscription {
  /** As the client wrote it. */
  readonly filter: string;
  readonly kind: 'shared' | 'queue';
  readonly queue: Queue;
  plan: DeliveryPlan;
  /** What its messages are published under; null for their own topics. */
  readonly topic: Buffer | null;
  consumer: Consumer | null = null;
  /** Unsubscribed, but deliveries are still unacknowledged [MQTT-3.10.4-2]. */
  ending = false;

  constructor(filter: string, kind: 'shared' | 'queue', queue: Queue, data: SubscriptionData) {
    this.filter = filter;
    this.kind = kind;
    this.queue = queue;
    this.plan = planOf([data]);
    this.topic = kind === 'queue' ? Buffer.from(filter) : null;
  }
}

/**
 * A session remembers such a subscription as a binding of its queue that no message can match,
 * since no name holds U+0000.
 */
export function recordName(filter: string): string {
  return `\0${filter}`;
}

/** The filter that a binding remembers; null for one that feeds the session's queue. */
export function recordedFilter(binding: Binding): string | null {
  const { filter } = binding;
  return filter.startsWith('\0') && filter !== OWNER_RECORD ? filter.slice(1) : null;
}

/** In the same way a session remembers whose it is. */
export const OWNER_RECORD = '\0\0owner';

import type { Metrics } from '@causeway/core';
import type { Registry } from 'prom-client';
import type { BrokerView } from './broker-view.js';
import { registerCounter, registerGauge } from './register.js';

type Definition = readonly [type: 'counter' | 'gauge', help: string];

/** What the numbers of core are called outside; the counters get `_total`. */
const DEFINITIONS = {
  connectionsOpened: ['counter', 'Connections that were accepted.'],
  connectionsOpen: ['gauge', 'Connections that are open.'],
  connectionsRefused: ['counter', 'Connections that were turned away by a limit.'],
  loginsRefused: ['counter', 'Logins that failed.'],
  permissionsRefused: ['counter', 'Sends and subscriptions that authorization refused.'],
  messagesPublished: ['counter', 'Messages that were taken from clients.'],
  messagesDelivered: ['counter', 'Messages that were handed to consumers.'],
  messagesSettled: ['counter', 'Messages that consumers settled.'],
  messagesRedelivered: ['counter', 'Messages that were handed out again.'],
  messagesDeadLettered: ['counter', 'Messages that became dead letters.'],
  messagesExpired: ['counter', 'Messages that expired before somebody took them.'],
  messagesDropped: ['counter', 'Messages dropped because a non-durable subscriber was too slow.'],
  messagesUnroutable: ['counter', 'Messages sent where nobody subscribes.'],
  messagesQuarantined: ['counter', 'Messages that were damaged in the store and are not served.'],
  bytesReceived: ['counter', 'Bytes received from clients.'],
  bytesSent: ['counter', 'Bytes sent to clients.'],
  commits: ['counter', 'Commits that became durable.'],
  protocolErrors: ['counter', 'Connections ended because of what the client sent.'],
} as const satisfies Record<keyof Metrics, Definition>;

/** Registers what is known of the broker; it is read from the view when somebody scrapes. */
export function registerBrokerMetrics(registry: Registry, view: BrokerView): void {
  for (const [key, [type, help]] of Object.entries(DEFINITIONS)) {
    const read = () => view.metrics[key as keyof Metrics];
    const name = `causeway_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    if (type === 'gauge') registerGauge(registry, name, help, read);
    else registerCounter(registry, `${name}_total`, help, read);
  }
  registerGauge(registry, 'causeway_ready', 'Whether clients are served.', () =>
    view.role === 'active' ? 1 : 0,
  );
  registerGauge(registry, 'causeway_overloaded', 'Whether producers are held for the disk.', () =>
    view.overloaded ? 1 : 0,
  );
  registerGauge(
    registry,
    'causeway_sessions',
    'Sessions, connected or not.',
    () => view.sessionCount,
  );
  registerGauge(
    registry,
    'causeway_retained_messages',
    'Retained messages.',
    () => view.retainedCount,
  );
  registerGauge(
    registry,
    'causeway_delayed_messages',
    'Messages that wait for the time of their delivery.',
    () => view.delayedCount,
  );
}

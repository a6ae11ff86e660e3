import type { QueueKind } from '@causeway/core';
import { Gauge, type Registry } from 'prom-client';
import type { BrokerView, QueueView } from './broker-view.js';

const QUEUE_KINDS: Readonly<Record<QueueKind, true>> = {
  queue: true,
  temporary: true,
  subscription: true,
  session: true,
};

/**
 * Registers totals by kind over all queues, and single series for the deepest named queues only:
 * there may be a hundred thousand queues.
 * @returns what brings the series up to date; the queues are walked once for all of them
 */
export function registerQueueMetrics(
  registry: Registry,
  view: BrokerView,
  queuesMax: number,
): () => void {
  const gauge = (name: string, help: string, label: string) =>
    new Gauge({ name, help, labelNames: [label], registers: [registry] });
  const queues = gauge('causeway_queues', 'Queues.', 'kind');
  const messages = gauge('causeway_messages', 'Messages that are not settled.', 'kind');
  const of = `of the ${queuesMax} deepest queues.`;
  const depth = gauge('causeway_queue_depth', `Messages that are not settled, ${of}`, 'queue');
  const consumers = gauge('causeway_queue_consumers', `Consumers, ${of}`, 'queue');
  return () => {
    const all = [...view.queues()];
    for (const kind of Object.keys(QUEUE_KINDS)) {
      const members = all.filter((queue) => queue.kind === kind);
      queues.set({ kind }, members.length);
      messages.set(
        { kind },
        members.reduce((sum, queue) => sum + queue.length, 0),
      );
    }
    depth.reset();
    consumers.reset();
    for (const queue of deepest(all, queuesMax)) {
      depth.set({ queue: queue.name }, queue.length);
      consumers.set({ queue: queue.name }, queue.consumers.length);
    }
  };
}

function deepest(all: readonly QueueView[], queuesMax: number): QueueView[] {
  const named = all.filter((queue) => queue.kind === 'queue');
  if (named.length <= queuesMax) return named;
  return named.sort((left, right) => right.length - left.length).slice(0, queuesMax);
}

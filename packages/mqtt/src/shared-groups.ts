import type { BindingOptions, BrokerApi, Queue, Session } from '@causeway/core';
import { parseFilter } from './naming.js';
import { recordedFilter } from './subscription.js';

/**
 * The groups behind `$share/GROUP/FILTER` [MQTT 5 4.8.2]. A group is a subscription queue for
 * which its members compete. The members whose sessions outlive their connections are noted on its
 * binding; the queue goes when the last of them does. A group of other members only goes with its
 * last consumer.
 */

/** A group is one level, so the first slash ends its name. */
function queueName(group: string, filter: string): string {
  return `mqtt-share:${group}/${filter}`;
}

/** A session of this name may come and go; its number is its own. */
interface Member {
  readonly session: string;
  readonly id: number;
}

/** The queue of a group, which the session joins. */
export function joinGroup(
  broker: BrokerApi,
  session: Session,
  group: string,
  filter: string,
): Queue {
  const name = queueName(group, filter);
  const known = broker.findSubscriptionQueue(name);
  const { durable } = session.queue;
  const joining = durable ? [{ session: session.name, id: session.id }] : [];
  if (known === null) {
    const binding = groupBinding(joining);
    const options = {
      name,
      filter,
      binding,
      durable,
      ownerId: 0,
      expiryMs: durable ? Number.POSITIVE_INFINITY : 0,
    };
    return broker.subscriptionQueue(options);
  }
  const members = membersOf(known, filter);
  if (durable && !members.some(({ id }) => id === session.id)) {
    const living = members.filter((member) => isAlive(broker, member));
    broker.bind(known, filter, groupBinding([...living, ...joining]));
  }
  return known;
}

/** The session unsubscribes from a group; its consumer is closed, or will be. */
export function leaveGroup(
  broker: BrokerApi,
  session: Session,
  group: string,
  filter: string,
): void {
  const queue = broker.findSubscriptionQueue(queueName(group, filter));
  if (queue !== null) keepMembers(broker, queue, filter, ({ id }) => id !== session.id);
}

/** The filters of the groups that a session's queue remembers, as the client wrote them. */
export function groupsOf(queue: Queue | null): string[] {
  if (queue === null) return [];
  const filters: string[] = [];
  for (const binding of queue.bindings.values()) {
    const filter = recordedFilter(binding);
    if (filter?.startsWith('$share/')) filters.push(filter);
  }
  return filters;
}

/** Clears up the groups of a session that ended. */
export function abandonGroups(broker: BrokerApi, filters: readonly string[]): void {
  for (const text of filters) {
    const parsed = parseFilter(text, broker.addresses, broker.limits);
    if (parsed.kind !== 'shared') continue;
    const queue = broker.findSubscriptionQueue(queueName(parsed.group, parsed.filter));
    if (queue !== null) keepMembers(broker, queue, parsed.filter, () => true);
  }
}

function keepMembers(
  broker: BrokerApi,
  queue: Queue,
  filter: string,
  keeps: (member: Member) => boolean,
): void {
  const members = membersOf(queue, filter);
  const kept = members.filter((member) => keeps(member) && isAlive(broker, member));
  if (!queue.durable || kept.length === members.length) return;
  if (kept.length > 0 || queue.consumers.length > 0) broker.bind(queue, filter, groupBinding(kept));
  else broker.deleteQueue(queue);
}

function membersOf(queue: Queue, filter: string): Member[] {
  const members = queue.bindings.get(filter)?.options.data.members;
  return Array.isArray(members) ? members : [];
}

/** A session's queue has the session's name and number. */
function isAlive(broker: BrokerApi, { session, id }: Member): boolean {
  return broker.findSubscriptionQueue(session)?.ownerId === id;
}

function groupBinding(members: readonly Member[]): BindingOptions {
  return { noLocal: false, durable: true, data: { members } };
}

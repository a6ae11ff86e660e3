import { lengthOf, type Outages } from '../measure/outages.js';
import { type Reconnect, reconnectDelay, reconnectLength } from '../measure/reconnects.js';
import { type Statistics, statisticsOf } from '../measure/statistics.js';
import type { Lane } from '../plan/plan.js';
import type { History } from '../verdict/history.js';
import { producerOf } from '../verdict/history.js';
import { NO_LOSS } from '../verdict/no-loss.js';
import { ORDER_IS_KEPT } from '../verdict/order-is-kept.js';
import { REDELIVERY_IS_FLAGGED } from '../verdict/redelivery-is-flagged.js';
import { gradeLane } from './grade.js';

/** How the clients of a lane fared, and what they should do about it. */
export interface LaneReport {
  readonly lane: string;
  readonly client: string;
  readonly sent: number;
  readonly confirmed: number;
  readonly delivered: number;
  readonly lost: number;
  readonly flagged: number;
  readonly unflagged: number;
  readonly reordered: number;
  /** Copies that were sent because no confirm had come. */
  readonly sentAgain: number;
  readonly write: Statistics | null;
  readonly read: Statistics | null;
  readonly reconnect: Statistics | null;
  /** How much of that the clients took after the target was there again. */
  readonly delay: Statistics | null;
  /** From A to F. */
  readonly grade: string;
  readonly advice: readonly string[];
}

export function reportLane(
  history: History,
  lane: Lane,
  outages: Outages,
  reconnects: readonly Reconnect[],
): LaneReport {
  const isOurs = (client: string) => history.clients.get(client)?.lane === lane.name;
  const messages = [...history.messages.values()].filter(({ id }) => isOurs(producerOf(id)));
  const count = (findings: readonly { readonly id?: string }[]) =>
    findings.filter(({ id }) => id !== undefined && isOurs(producerOf(id))).length;
  const ofLane = (list: Outages['writes']) => list.filter((outage) => outage.lane === lane.name);
  const copies = messages.reduce((sum, { sends }) => sum + sends.length, 0);
  const measured = {
    lane: lane.name,
    client: describeClient(lane),
    sent: messages.length,
    confirmed: messages.filter(({ confirms }) => confirms.length > 0).length,
    delivered: history.deliveries.filter(({ delivery }) => isOurs(producerOf(delivery.id))).length,
    lost: count(NO_LOSS.check(history).findings),
    flagged: messages.reduce((sum, { passages }) => {
      const again = [...passages.values()].flatMap(({ deliveries }) => deliveries.slice(1));
      return sum + again.filter(({ redelivered }) => redelivered).length;
    }, 0),
    unflagged: count(REDELIVERY_IS_FLAGGED.check(history).findings),
    reordered: count(ORDER_IS_KEPT.check(history).findings),
    sentAgain: copies - messages.filter(({ sends }) => sends.length > 0).length,
    write: statisticsOf(known(ofLane(outages.writes).map(lengthOf))),
    read: statisticsOf(known(ofLane(outages.reads).map(lengthOf))),
    reconnect: statisticsOf(
      known(reconnects.filter(({ client }) => isOurs(client)).map(reconnectLength)),
    ),
    delay: statisticsOf(
      known(reconnects.filter(({ client }) => isOurs(client)).map(reconnectDelay)),
    ),
  };
  return { ...measured, ...gradeLane(measured, lane) };
}

function describeClient({ client, qos, pattern }: Lane): string {
  const kind = client === 'mqtt' ? `MQTT QoS ${qos}` : client === 'amqp' ? 'AMQP 1.0' : 'STOMP';
  return pattern === 'messages' ? kind : `${kind}, ${pattern}`;
}

function known(lengths: readonly (number | null)[]): number[] {
  return lengths.filter((length) => length !== null);
}

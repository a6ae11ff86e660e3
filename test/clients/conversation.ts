import { SeededRandom } from '../support/seeded-random.js';

export const CLIENTS = ['ann', 'bob', 'cy'] as const;
export type QoS = 0 | 1 | 2;
export type ClientName = (typeof CLIENTS)[number];

export interface Will {
  readonly topic: string;
  readonly payload: string;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** What one client does next. Everything it leads to happens before the next step. */
export type Step = { readonly client: ClientName } & (
  | { readonly verb: 'connect'; readonly clean: boolean; readonly will: Will | null }
  | { readonly verb: 'subscribe'; readonly filter: string; readonly qos: QoS }
  | { readonly verb: 'unsubscribe'; readonly filter: string }
  | ({ readonly verb: 'publish' } & Will)
  | { readonly verb: 'disconnect' }
  /** Breaks the connection; only clients with a will do, whose arrival shows that it was noticed. */
  | { readonly verb: 'drop'; readonly will: Will }
);

const FILTERS = ['a/b', 'a/+', 'a/#', '#', '+/b', '+', 'a/b/c', 'will/#', '+/+', 'b/#'];
/** Without empty levels: see known-differences.ts. */
const TOPICS = ['a/b', 'a/c', 'a', 'b', 'x/b', 'a/b/c', 'b/b'];
const ALL_QOS: readonly QoS[] = [0, 1, 2];

/** A random conversation of MQTT 3.1.1 clients, the same for the same seed. */
export function makeConversation(seed: number, length: number): Step[] {
  const random = new SeededRandom(seed);
  const online = new Map<ClientName, Will | null>();
  const steps: Step[] = [];
  while (steps.length < length) {
    const client = random.pick(CLIENTS);
    const step = nextStep(random, client, online.get(client), `${seed}-${steps.length}`);
    if (step.verb === 'connect') online.set(client, step.will);
    if (step.verb === 'disconnect' || step.verb === 'drop') online.delete(client);
    steps.push(step);
  }
  return steps;
}

/** @param will of the connected client, null for none; undefined when it is not connected */
function nextStep(
  random: SeededRandom,
  client: ClientName,
  will: Will | null | undefined,
  serial: string,
): Step {
  const qos = random.pick(ALL_QOS);
  const retain = random.chance(0.3);
  // See known-differences.ts.
  const keptQos = retain && qos === 2 ? 1 : qos;
  if (will === undefined) {
    const last = { topic: `will/${client}`, payload: serial, qos: keptQos, retain };
    const clean = random.chance(0.4);
    return { client, verb: 'connect', clean, will: random.chance(0.5) ? last : null };
  }
  const dice = random.next();
  if (dice < 0.3) return { client, verb: 'subscribe', filter: random.pick(FILTERS), qos };
  if (dice < 0.36) return { client, verb: 'unsubscribe', filter: random.pick(FILTERS) };
  if (dice < 0.44) return { client, verb: 'disconnect' };
  if (dice < 0.52 && will !== null) return { client, verb: 'drop', will };
  const payload = retain && random.chance(0.3) ? '' : serial;
  return { client, verb: 'publish', topic: random.pick(TOPICS), payload, qos: keptQos, retain };
}

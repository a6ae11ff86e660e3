import { answerAttach } from './answer-attach.js';
import {
  type Attach,
  type Coordinator,
  type DeliveryOutcome,
  RECEIVER_SETTLE_MODE,
  type Source,
  type Target,
} from './codec/types.js';
import { createNode, creatorOf } from './create-node.js';
import type { DynamicNode } from './dynamic-node.js';
import { AmqpError, CONDITION } from './errors.js';
import { writeLifetime } from './lifetime-policy.js';
import {
  formatAddress,
  isTemporaryAddress,
  kindOf,
  parseAddress,
  resolveSendAddress,
} from './naming.js';
import { type Destination, ReceivingLink } from './receiving-link.js';
import { theirUnsettled } from './resume-deliveries.js';
import type { Session } from './session.js';
import type { SuspendedLink } from './suspended-link.js';
import { agreedLife, type TerminusLife } from './terminus.js';

/** Transactions may span all sessions of a connection, several of them at a time (part 4.5.7). */
const COORDINATOR_CAPABILITIES = [
  'amqp:local-transactions',
  'amqp:multi-txns-per-ssn',
  'amqp:multi-ssns-per-txn',
];
const REJECTED_OUTCOME = 'amqp:rejected:list';

/** A coordinator has nothing that outlives its link. */
const COORDINATOR_LIFE: TerminusLife = { durable: 0, expiryPolicy: 'link-detach', timeout: 0 };

type Resumable = ReadonlyMap<string, DeliveryOutcome | null>;

interface OpenedTarget {
  readonly destination: Destination;
  /** As agreed. */
  readonly target: Target | Coordinator;
  readonly node: DynamicNode | null;
  /** The node, if the link has created it. */
  readonly resource: DynamicNode | null;
}

/**
 * Attaches a link on which the client sends.
 * @param handle ours
 */
export function attachReceivingLink(session: Session, attach: Attach, handle: number): void {
  const { client } = session;
  if (attach.target === null) {
    throw new AmqpError('link', CONDITION.invalidField, 'a sender needs a target');
  }
  // Part 2.7.3: mandatory from the sender.
  if (attach.initialDeliveryCount === null) {
    throw new AmqpError('link', CONDITION.invalidField, 'a sender names initial-delivery-count');
  }
  const suspended = client.registry.resume(client, 'receiving', attach.name);
  const resumable = resumableOf(suspended, attach);
  const opened = openTarget(session, attach, attach.target);
  const link = new ReceivingLink({
    session,
    handle,
    remoteHandle: attach.handle,
    name: attach.name,
    destination: opened.destination,
    settlesSecond: attach.rcvSettleMode === RECEIVER_SETTLE_MODE.second,
    initialDeliveryCount: attach.initialDeliveryCount,
    terminus: 'coordinator' in opened.target ? COORDINATOR_LIFE : opened.target,
    resumable,
    takesRejected: takesRejected(attach.source),
    node: opened.node,
    resource: opened.resource,
  });
  client.registry.add(client, link);
  session.addLink(link);
  const complete = answerAttach(session, attach, {
    handle,
    source: attach.source,
    target: opened.target,
    unsettled: resumable.size === 0 ? null : resumable,
    initialDeliveryCount: null,
    maxMessageSize: client.broker.limits.frameBytesMax,
  });
  link.resumesOnly = attach.incompleteUnsettled || !complete;
  link.replenish();
}

/** Part 3.5.3, outcomes: a source that names none is taken to know all of them. */
function takesRejected(source: Source | null): boolean {
  const outcomes = source?.outcomes ?? [];
  return outcomes.length === 0 || outcomes.includes(REJECTED_OUTCOME);
}

/**
 * Of the deliveries that the client has not settled, those that we have taken (part 2.6.13). What it
 * does not name it has settled, unless it could not name everything.
 */
function resumableOf(suspended: SuspendedLink | null, attach: Attach): Resumable {
  const theirs = theirUnsettled(attach);
  if (suspended === null || theirs === null) return new Map();
  const all = attach.incompleteUnsettled;
  return new Map([...suspended.answered].filter(([tag]) => all || theirs.has(tag)));
}

function openTarget(session: Session, attach: Attach, asked: Target | Coordinator): OpenedTarget {
  if ('coordinator' in asked) {
    const agreed: Coordinator = { coordinator: true, capabilities: COORDINATOR_CAPABILITIES };
    return { destination: 'coordinator', target: agreed, node: null, resource: null };
  }
  const target: Target = { ...asked, ...agreedLife(asked, session.client.broker.limits) };
  if (target.dynamic) return openDynamic(session, attach, target);
  const { broker, connection, registry, temporary } = session.client;
  // The anonymous terminus: every message says where it goes.
  if (target.address === null) {
    return { destination: 'relay', target, node: null, resource: null };
  }
  const parsed = parseAddress(target.address, target.capabilities);
  const address = resolveSendAddress(broker, parsed);
  if (!isTemporaryAddress(address)) connection.require('write', address);
  // Part 2.6.3: what the address names is looked for now, so that a mistake shows at once.
  if (address.kind === 'queue') broker.queue(address, true);
  const capabilities = kindOf(target.capabilities) === null ? [address.kind] : target.capabilities;
  return {
    destination: address,
    target: { ...target, capabilities, dynamicNodeProperties: null },
    node: registry.nodes.get(address) ?? null,
    resource: temporary.createdBy(creatorOf(attach), address),
  };
}

/** Part 3.5.4, dynamic: a node that is created for this link. */
function openDynamic(session: Session, attach: Attach, target: Target): OpenedTarget {
  const node = createNode(session, attach, target);
  return {
    destination: node.address,
    target: {
      ...target,
      address: formatAddress(node.address),
      dynamicNodeProperties: writeLifetime(node.policy),
    },
    node,
    resource: node,
  };
}

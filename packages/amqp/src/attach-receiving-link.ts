import type { Address, AddressKind } from '@causeway/core';
import { answerAttach } from './answer-attach.js';
import {
  type Attach,
  type Coordinator,
  type DeliveryOutcome,
  RECEIVER_SETTLE_MODE,
  type Source,
  type Target,
} from './codec/types.js';
import { AmqpError, CONDITION } from './errors.js';
import {
  formatAddress,
  isTemporaryAddress,
  kindOf,
  parseAddress,
  resolveSendAddress,
} from './naming.js';
import { type Destination, type LinkExpiry, ReceivingLink } from './receiving-link.js';
import { theirUnsettled } from './resume-deliveries.js';
import type { Session } from './session.js';
import type { SuspendedLink } from './suspended-link.js';

/** Transactions may span all sessions of a connection, several of them at a time (part 4.5.7). */
const COORDINATOR_CAPABILITIES = [
  'amqp:local-transactions',
  'amqp:multi-txns-per-ssn',
  'amqp:multi-ssns-per-txn',
];
const REJECTED_OUTCOME = 'amqp:rejected:list';

const NO_EXPIRY: LinkExpiry = { expiryPolicy: 'link-detach', timeout: 0 };

type Resumable = ReadonlyMap<string, DeliveryOutcome | null>;

interface OpenedTarget {
  readonly destination: Destination;
  /** As agreed. */
  readonly target: Target | Coordinator;
  readonly onClose: (() => void) | null;
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
  const opened = openTarget(session, attach.target);
  const link = new ReceivingLink({
    session,
    handle,
    remoteHandle: attach.handle,
    name: attach.name,
    destination: opened.destination,
    settlesSecond: attach.rcvSettleMode === RECEIVER_SETTLE_MODE.second,
    initialDeliveryCount: attach.initialDeliveryCount,
    terminus: 'coordinator' in attach.target ? NO_EXPIRY : attach.target,
    resumable,
    takesRejected: takesRejected(attach.source),
    onClose: opened.onClose,
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

function openTarget(session: Session, target: Target | Coordinator): OpenedTarget {
  if ('coordinator' in target) {
    const agreed: Coordinator = { coordinator: true, capabilities: COORDINATOR_CAPABILITIES };
    return { destination: 'coordinator', target: agreed, onClose: null };
  }
  if (target.dynamic) return openDynamic(session, target);
  const { broker, connection } = session.client;
  // The anonymous terminus: every message says where it goes.
  if (target.address === null) return { destination: 'relay', target, onClose: null };
  const parsed = parseAddress(target.address, target.capabilities);
  const address = resolveSendAddress(broker, parsed);
  if (!isTemporaryAddress(address)) connection.require('write', address);
  // Part 2.6.3: what the address names is looked for now, so that a mistake shows at once.
  if (address.kind === 'queue') broker.queue(address, true);
  const capabilities = kindOf(target.capabilities) === null ? [address.kind] : target.capabilities;
  return { destination: address, target: { ...target, capabilities }, onClose: null };
}

/** Part 3.5.4, dynamic: a node that exists for this link. */
function openDynamic(session: Session, target: Target): OpenedTarget {
  const { address, onClose } = createNode(session, kindOf(target.capabilities) ?? 'queue');
  const agreed: Target = { ...target, address: formatAddress(address) };
  return { destination: address, target: agreed, onClose };
}

/** Creates a temporary node that ends with its link (part 3.5.10, delete-on-close). */
export function createNode(
  session: Session,
  kind: AddressKind,
): { address: Address; onClose: () => void } {
  const { temporary } = session.client;
  const address = temporary.create(kind);
  return { address, onClose: () => temporary.delete(address) };
}

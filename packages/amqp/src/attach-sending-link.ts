import { writeSource } from './codec/encode-terminus.js';
import { type Attach, SENDER_SETTLE_MODE, type Source } from './codec/types.js';
import { ValueWriter } from './codec/value-writer.js';
import { openSource } from './open-source.js';
import { recoverSource } from './recover-source.js';
import { resumeDeliveries, theirUnsettled } from './resume-deliveries.js';
import { SendingLink } from './sending-link.js';
import type { Session } from './session.js';
import type { SuspendedLink } from './suspended-link.js';

/**
 * Attaches a link on which the client receives.
 * @param handle ours
 */
export function attachSendingLink(session: Session, attach: Attach, handle: number): void {
  const { registry, broker } = session.client;
  const suspended = registry.resume(session.client, 'sending', attach.name);
  try {
    const former = suspended === null ? null : formerLink(suspended, attach);
    if (former === null) suspended?.drop(broker);
    const link =
      former === null
        ? openLink(session, attach, handle)
        : reopenLink(session, attach, handle, former);
    registry.add(session.client, link);
    session.addLink(link);
    resumeDeliveries(link, attach, former === null ? null : suspended);
  } catch (error) {
    // What it held is for others: the client does not get it here.
    suspended?.drop(broker);
    throw error;
  }
}

/** The link as it was, if it can go on: from the same source, and not only by the same name. */
function formerLink({ link }: SuspendedLink, attach: Attach): SendingLink | null {
  if (link.role !== 'sending' || link.consumer.closed || theirUnsettled(attach) === null) {
    return null;
  }
  // Part 2.6.3: without a source the client asks for the one that the link has.
  const same = attach.source === null || sameSource(attach.source, link.requested);
  return same ? link : null;
}

function sameSource(left: Source, right: Source | null): boolean {
  return right !== null && encoded(left).equals(encoded(right));
}

function encoded(source: Source): Buffer {
  const writer = new ValueWriter();
  writeSource(writer, source);
  return writer.take();
}

function openLink(session: Session, attach: Attach, handle: number): SendingLink {
  const { broker } = session.client;
  const { queue, source, selector, browses, node, resource } =
    attach.source === null
      ? recoverSource(session, attach)
      : openSource(session, attach, attach.source);
  const link = new SendingLink({
    ...partsOf(session, attach, handle, browses),
    requested: attach.source,
    source,
    node,
    resource,
  });
  link.consumer = broker.consume(queue, { sink: link, credit: 0, selector, browse: browses });
  return link;
}

/** The consumer goes on, and with it what it holds. */
function reopenLink(
  session: Session,
  attach: Attach,
  handle: number,
  { consumer, requested, source, node, resource }: SendingLink,
): SendingLink {
  const parts = partsOf(session, attach, handle, consumer.browses);
  const link = new SendingLink({ ...parts, requested, source, node, resource });
  consumer.sink = link;
  // For subscriptions without what their own connection sends.
  if (consumer.queue.kind === 'subscription') consumer.queue.ownerId = session.client.connection.id;
  link.consumer = consumer;
  return link;
}

function partsOf(session: Session, attach: Attach, handle: number, browses: boolean) {
  const settled = attach.sndSettleMode === SENDER_SETTLE_MODE.settled || browses;
  const { name, maxMessageSize: messageBytesMax } = attach;
  return { session, handle, remoteHandle: attach.handle, name, settled, messageBytesMax };
}

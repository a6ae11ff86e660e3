import { answerAttach } from './answer-attach.js';
import { type Attach, SENDER_SETTLE_MODE } from './codec/types.js';
import { openSource } from './open-source.js';
import { recoverSource } from './recover-source.js';
import { compareUnsettled, NOTHING_RESUMED } from './resume-deliveries.js';
import { SendingLink } from './sending-link.js';
import type { Session } from './session.js';

/**
 * Attaches a link on which the client receives.
 * @param handle ours
 */
export function attachSendingLink(session: Session, attach: Attach, handle: number): void {
  const { client } = session;
  const { broker } = client;
  client.registry.steal(client, 'sending', attach.name);
  const suspended = client.registry.resume(client, 'sending', attach.name);
  const resumes = suspended !== null && attach.unsettled !== null;
  if (!resumes) suspended?.drop(broker);
  const resumed = resumes ? compareUnsettled(suspended, attach.unsettled) : NOTHING_RESUMED;
  const opened =
    attach.source === null
      ? recoverSource(session, attach)
      : openSource(session, attach, attach.source);
  const link = new SendingLink({
    session,
    handle,
    remoteHandle: attach.handle,
    name: attach.name,
    settled: attach.sndSettleMode === SENDER_SETTLE_MODE.settled || opened.browses,
    source: opened.source,
    onClose: opened.onClose,
  });
  const former = resumes ? (suspended.link as SendingLink).consumer : null;
  if (former !== null && !former.closed && former.queue === opened.queue) {
    former.sink = link;
    link.consumer = former;
  } else {
    const { queue, selector, browses } = opened;
    link.consumer = broker.consume(queue, { sink: link, credit: 0, selector, browse: browses });
  }
  client.registry.add(client, link);
  session.addLink(link);
  answerAttach(session, attach, {
    handle,
    source: opened.source,
    target: attach.target,
    unsettled: resumed.unsettled,
    initialDeliveryCount: 0,
    maxMessageSize: 0,
  });
  resumed.send(link);
}

import { decodeDetach } from './codec/decode-performative.js';
import type { SendingLink } from './sending-link.js';
import type { Session } from './session.js';

/** Part 2.7.7: the client detaches a link, or answers that we did. */
export function handleDetach(session: Session, view: Buffer, start: number, end: number): void {
  const { handle, closed, error } = decodeDetach(view, start, end);
  const link = session.link(handle);
  // Part 2.6.4: the client may use its handle for another link.
  session.links[handle] = undefined;
  if (link.detached) return;
  // Part 2.6.5: an error ends it for good, too.
  session.release(link, closed || error !== null ? null : 'link-detach');
  if (link.role === 'receiving') {
    session.detachLater(link, closed);
    return;
  }
  if (closed) unsubscribe(session, link);
  session.writeDetach(link.handle, closed, null);
}

/**
 * Part 2.6.5: a link that is closed, not only detached, leaves nothing behind. A shared subscription
 * stays as long as it has other consumers.
 */
function unsubscribe(session: Session, { consumer }: SendingLink): void {
  const { queue } = consumer;
  if (queue.kind !== 'subscription' || queue.consumers.length > 0) return;
  session.client.broker.deleteQueue(queue);
}

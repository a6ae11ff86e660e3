import { errorInfoOf } from './errors.js';
import type { IncomingDelivery, ReceivingLink } from './receiving-link.js';
import type { Session } from './session.js';

/** Part 3.4.3: the sender learns why; one that does not listen loses its link. */
export function refuseMessage(
  session: Session,
  link: ReceivingLink,
  delivery: IncomingDelivery,
  reason: unknown,
): void {
  const error = session.client.fit(errorInfoOf(reason));
  session.client.broker.log.debug('amqp-message-refused', { link: link.name, ...error });
  if (delivery.settled) {
    session.detach(link, error);
    return;
  }
  session.incoming.refuse(link, delivery, { kind: 'rejected', error });
}

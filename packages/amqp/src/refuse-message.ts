import type { DeliveryOutcome, DeliveryState } from './codec/types.js';
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
  const { client } = session;
  const error = client.fit(errorInfoOf(reason))!;
  client.broker.log.debug('amqp-message-refused', { link: link.name, ...error });
  const transactionId = transactionOf(session, delivery);
  if (!delivery.settled && link.takesRejected) {
    const outcome: DeliveryOutcome = { kind: 'rejected', error };
    const state: DeliveryState =
      transactionId === null ? outcome : { kind: 'transactional', transactionId, outcome };
    session.incoming.answer(link, delivery, state);
    return;
  }
  // Part 4.4.4.1: what cannot be told now is told when the transaction is discharged.
  if (transactionId !== null) {
    client.transactions.fail(transactionId, error.description ?? error.condition);
  }
  if (transactionId !== null && delivery.settled) link.answered();
  else session.detach(link, error);
}

/** The transaction that a delivery belongs to, if there is one. */
function transactionOf({ client }: Session, { state }: IncomingDelivery): Buffer | null {
  if (state?.kind !== 'transactional' || !client.transactions.has(state.transactionId)) return null;
  return state.transactionId;
}

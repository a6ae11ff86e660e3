import { decodeTransactionRequest } from './codec/decode-transaction.js';
import { encodeState } from './codec/encode-state.js';
import { isAnswer } from './errors.js';
import type { IncomingDelivery, ReceivingLink } from './receiving-link.js';
import { refuseMessage } from './refuse-message.js';
import type { Session } from './session.js';

/** Part 4.2 and 4.3: a message to the coordinator declares or discharges a transaction. */
export function handleTransaction(
  session: Session,
  link: ReceivingLink,
  delivery: IncomingDelivery,
  view: Buffer,
  start: number,
  end: number,
): void {
  const { transactions } = session.client;
  try {
    const request = decodeTransactionRequest(view, start, end);
    if (request.kind === 'declare') {
      const transactionId = transactions.declare(link);
      const declared = encodeState({ kind: 'declared', transactionId });
      if (!delivery.settled) session.dispositions.write(true, delivery.deliveryId, true, declared);
      link.answered();
      return;
    }
    transactions.discharge(request.transactionId, request.fail);
  } catch (error) {
    if (!isAnswer(error)) throw error;
    refuseMessage(session, link, delivery, error);
    return;
  }
  if (delivery.settled) link.answered();
  else session.acceptLater(link, delivery);
}

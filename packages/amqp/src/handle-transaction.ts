import { BrokerError } from '@causeway/core';
import { decodeTransactionRequest } from './codec/decode-transaction.js';
import { CONDITION, errorInfo, isAnswer } from './errors.js';
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
  const mistake = mistakeOf(delivery);
  if (mistake !== null) {
    session.detach(link, errorInfo(CONDITION.notAllowed, mistake));
    return;
  }
  const { transactions } = session.client;
  try {
    const request = decodeTransactionRequest(view, start, end);
    if (request.kind === 'discharge') {
      transactions.discharge(request.transactionId, request.fail);
      session.acceptLater(link, delivery);
      return;
    }
    if (request.global) throw new BrokerError('not-supported', 'a global transaction');
    const transactionId = transactions.declare(link);
    session.incoming.answer(link, delivery, { kind: 'declared', transactionId });
  } catch (error) {
    if (!isAnswer(error)) throw error;
    if (!link.detached) refuseMessage(session, link, delivery, error);
  }
}

/** What ends the control link, whatever was asked for. */
function mistakeOf({ settled, state }: IncomingDelivery): string | null {
  if (settled) return 'a message to the coordinator must be unsettled (part 4.2)';
  if (state?.kind !== 'transactional') return null;
  return 'transactional work is not allowed on the control link (part 4.1)';
}

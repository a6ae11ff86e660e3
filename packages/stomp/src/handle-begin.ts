import { BrokerError } from '@causeway/core';
import type { StompClient } from './client.js';
import type { Frame } from './codec/frame.js';

/** STOMP 1.2, BEGIN. */
export function handleBegin(client: StompClient, frame: Frame): void {
  client.transactions.begin(transactionName(frame));
  client.confirmReceipt(frame);
}

/** The header that BEGIN, COMMIT and ABORT must have. */
export function transactionName(frame: Frame): string {
  const name = frame.text('transaction');
  if (name !== undefined) return name;
  throw new BrokerError('malformed', `${frame.command} has no transaction`);
}

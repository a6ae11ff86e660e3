import type { StompClient } from './client.js';
import type { Frame } from './codec/frame.js';
import { transactionName } from './handle-begin.js';

/** STOMP 1.2, ABORT. What it acknowledged stays with its consumer, unsettled. */
export function handleAbort(client: StompClient, frame: Frame): void {
  client.transactions.end(transactionName(frame)).rollback();
  client.confirmReceipt(frame);
}

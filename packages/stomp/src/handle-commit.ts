import type { StompClient } from './client.js';
import type { Frame } from './codec/frame.js';
import { transactionName } from './handle-begin.js';

/** STOMP 1.2, COMMIT: all of it happens in this call, and becomes durable together. */
export function handleCommit(client: StompClient, frame: Frame): void {
  client.transactions.end(transactionName(frame)).commit();
  client.confirmReceipt(frame);
}

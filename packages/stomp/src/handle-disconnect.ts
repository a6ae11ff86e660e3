import type { StompClient } from './client.js';
import type { Frame } from './codec/frame.js';

/** STOMP 1.2, DISCONNECT: the receipt tells the client that all before it is safe. */
export function handleDisconnect(client: StompClient, frame: Frame): void {
  client.confirmReceipt(frame);
  client.leave();
}

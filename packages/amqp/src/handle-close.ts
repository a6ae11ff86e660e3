import type { AmqpClient } from './client.js';
import { decodeClose } from './codec/decode-performative.js';

/** Part 2.7.9. */
export function handleClose(client: AmqpClient, view: Buffer, start: number, end: number): void {
  const error = decodeClose(view, start, end);
  if (error !== null) {
    client.broker.log.debug('amqp-closed', {
      condition: error.condition,
      reason: error.description,
    });
  }
  client.leave();
}

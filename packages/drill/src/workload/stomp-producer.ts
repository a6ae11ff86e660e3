import type { Address, ClientSettings, Producer } from './client-settings.js';
import { Outbox } from './outbox.js';
import { type ConnectionEvents, Reconnector } from './reconnector.js';
import { openStomp, sendWithReceipt } from './stomp-connection.js';

/** Sends persistent messages, each with a receipt. */
export function openStompProducer(settings: ClientSettings): Producer {
  const outbox = new Outbox(settings);
  const open = (address: Address, events: ConnectionEvents) =>
    openStomp(settings, address, events, (client) => {
      events.ready();
      outbox.opened(({ id, body }) => {
        const headers = {
          ...{ destination: settings.destination, persistent: 'true' },
          'content-length': String(body.length),
        };
        sendWithReceipt(client, 'SEND', headers, body, () => outbox.confirmed(id));
      });
    });
  const reconnector = new Reconnector(settings, open, () => outbox.closed());
  reconnector.start();
  return {
    send: (sequence) => outbox.send(sequence),
    get unconfirmed() {
      return outbox.size;
    },
    async close() {
      outbox.closed();
      reconnector.stop();
    },
  };
}

import type { ClientSettings, Producer } from './client-settings.js';
import { Outbox } from './outbox.js';
import { Reconnector } from './reconnector.js';
import { openStomp, sendWithReceipt } from './stomp-connection.js';

/** Sends persistent messages, each with a receipt. */
export function openStompProducer(settings: ClientSettings): Producer {
  const outbox = new Outbox(settings);
  const reconnector = new Reconnector(settings, (address, events) => {
    const ended = (reason: string) => {
      outbox.closed();
      events.ended(reason);
    };
    return openStomp(settings, address, { ready: events.ready, ended }, (client) => {
      events.ready();
      outbox.opened(({ id, body }) => {
        const headers = {
          ...{ destination: settings.destination, persistent: 'true' },
          'content-length': String(body.length),
        };
        sendWithReceipt(client, 'SEND', headers, body, () => outbox.confirmed(id));
      });
    });
  });
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

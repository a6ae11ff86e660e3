import rhea, { type Delivery, type EventContext, type Sender } from 'rhea';
import { openAmqp } from './amqp-connection.js';
import type { OutgoingMessage } from './body.js';
import type { Address, ClientSettings, Producer } from './client-settings.js';
import { Outbox } from './outbox.js';
import { type ConnectionEvents, Reconnector } from './reconnector.js';

/** Sends durable messages unsettled; what is accepted is confirmed. */
export function openAmqpProducer(settings: ClientSettings): Producer {
  const outbox = new Outbox(settings);
  const open = (address: Address, events: ConnectionEvents) =>
    openAmqp(settings, address, events, (connection) => {
      const sender = connection.open_sender({
        target: { address: settings.destination, capabilities: ['queue'] },
        snd_settle_mode: 0,
      });
      sender.once('sender_open', () => {
        events.ready();
        outbox.opened(writer(sender, outbox));
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

/** Messages that are written before there is credit wait in the library. */
function writer(sender: Sender, outbox: Outbox): (message: OutgoingMessage) => void {
  const ids = new Map<Delivery, string>();
  const answer = (act: (id: string) => void) => (context: EventContext) => {
    const id = ids.get(context.delivery!);
    ids.delete(context.delivery!);
    if (id !== undefined) act(id);
  };
  sender.on(
    'accepted',
    answer((id) => outbox.confirmed(id)),
  );
  for (const outcome of ['rejected', 'released', 'modified']) {
    sender.on(
      outcome,
      answer((id) => outbox.refused(id)),
    );
  }
  return ({ id, body }) => {
    ids.set(sender.send({ body: rhea.message.data_section(body), durable: true }), id);
  };
}

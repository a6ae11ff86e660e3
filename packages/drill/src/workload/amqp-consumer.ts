import type { Delivery, EventContext, Message } from 'rhea';
import { openAmqp } from './amqp-connection.js';
import { readBody } from './body.js';
import type { ClientSettings, Consumer } from './client-settings.js';
import { Reconnector } from './reconnector.js';

const CREDIT = 100;
/** A receiver that learns when the broker has settled, too (AMQP 1.0, 2.8.3). */
const SETTLES_SECOND = 1;

/** Accepts every message, and waits for the broker to settle it. */
export function openAmqpConsumer(settings: ClientSettings): Consumer {
  const { ledger, name, destination } = settings;
  const reconnector = new Reconnector(settings, (address, events) =>
    openAmqp(settings, address, events, (connection) => {
      const receiver = connection.open_receiver({
        source: { address: destination, capabilities: ['queue'] },
        ...{ rcv_settle_mode: SETTLES_SECOND, autoaccept: false, credit_window: CREDIT },
      });
      const ids = new Map<Delivery, string>();
      receiver.once('receiver_open', () => events.ready());
      receiver.on('message', (context: EventContext) => {
        const { message, delivery } = context;
        const { id, crc } = readBody(bytesOf(message!));
        ids.set(delivery!, id);
        const redelivered = isRedelivered(message!);
        ledger.record({ kind: 'deliver', client: name, id, redelivered, crc });
        ledger.record({ kind: 'settle', client: name, id });
        delivery!.accept();
      });
      receiver.on('settled', ({ delivery }: EventContext) => {
        const id = ids.get(delivery!);
        ids.delete(delivery!);
        if (id !== undefined) ledger.record({ kind: 'settled', client: name, id });
      });
    }),
  );
  reconnector.start();
  return {
    get connected() {
      return reconnector.connected;
    },
    async close() {
      reconnector.stop();
    },
  };
}

/** `delivery-count` counts failed deliveries, `first-acquirer` denies others (3.2.1). */
function isRedelivered({ delivery_count, first_acquirer }: Message): boolean {
  return (delivery_count ?? 0) > 0 || (first_acquirer as boolean | undefined) === false;
}

function bytesOf({ body }: Message): Buffer {
  if (Buffer.isBuffer(body)) return body;
  const content: unknown = (body as { content?: unknown } | undefined)?.content ?? body;
  return Buffer.isBuffer(content) ? content : Buffer.from(String(content));
}

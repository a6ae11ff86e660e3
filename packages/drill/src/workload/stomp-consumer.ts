import type { Client } from 'stompit';
import { readBody } from './body.js';
import type { ClientSettings, Consumer } from './client-settings.js';
import { type ConnectionEvents, Reconnector } from './reconnector.js';
import { openStomp, sendWithReceipt } from './stomp-connection.js';

const PREFETCH = '100';

/** Acknowledges every message for itself, and asks for a receipt. */
export function openStompConsumer(settings: ClientSettings): Consumer {
  const reconnector = new Reconnector(settings, (address, events) =>
    openStomp(settings, address, events, (client) => consume(settings, client, events)),
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

interface Frame extends AsyncIterable<Buffer> {
  readonly headers: Readonly<Record<string, string>>;
}

function consume(settings: ClientSettings, client: Client, events: ConnectionEvents): void {
  const { ledger, name } = settings;
  const take = async (frame: Frame) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of frame) chunks.push(chunk);
    } catch {
      return;
    }
    const { id, crc } = readBody(Buffer.concat(chunks));
    const redelivered = frame.headers.redelivered === 'true';
    ledger.record({ kind: 'deliver', client: name, id, redelivered, crc });
    ledger.record({ kind: 'settle', client: name, id });
    const { headers } = frame;
    const answer = {
      ...{ id: headers.ack ?? '', subscription: headers.subscription ?? '' },
      'message-id': headers['message-id'] ?? '',
    };
    sendWithReceipt(client, 'ACK', answer, null, () =>
      ledger.record({ kind: 'settled', client: name, id }),
    );
  };
  client.subscribe(
    {
      ...{ destination: settings.destination, ack: 'client-individual' },
      ...{ 'prefetch-count': PREFETCH, 'activemq.prefetchSize': PREFETCH },
    },
    (error, frame) => {
      if (error === null || error === undefined) void take(frame as unknown as Frame);
    },
  );
  events.ready();
}

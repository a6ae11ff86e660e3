import { parseMessageId } from '../ledger/message-id.js';
import { readBody } from './body.js';
import type { ClientSettings } from './client-settings.js';
import { openMqtt } from './mqtt-connection.js';

const WAIT_MS = 3000;

/** Reads what a topic retains with a new client, and writes it down. */
export async function readRetained(settings: ClientSettings): Promise<void> {
  const client = openMqtt(settings);
  const value = await new Promise<number | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), WAIT_MS);
    client.on('message', (_topic, payload) => {
      clearTimeout(timer);
      resolve(parseMessageId(readBody(payload).id)?.sequence ?? -1);
    });
    client.on('connect', () => client.subscribe(settings.destination, { qos: 1 }));
  });
  await client.endAsync(true);
  const { ledger, name, destination } = settings;
  ledger.record({
    ...{ kind: 'state', client: name, what: 'retained', name: destination, step: 'read', value },
  });
}

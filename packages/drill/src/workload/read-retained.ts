import { parseMessageId } from '../ledger/message-id.js';
import { readBody } from './body.js';
import type { ClientSettings } from './client-settings.js';
import { openMqtt } from './mqtt-connection.js';

const SUBSCRIBE_MS = 20_000;
/** What is retained comes right after the answer to the subscription. */
const RETAINED_MS = 3000;

/** Reads what a topic retains with a new client, and writes it down, if the broker answers. */
export async function readRetained(settings: ClientSettings): Promise<void> {
  const client = openMqtt(settings);
  const value = await new Promise<number | null | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), SUBSCRIBE_MS);
    client.on('message', (_topic, payload) => {
      clearTimeout(timer);
      resolve(parseMessageId(readBody(payload).id)?.sequence ?? -1);
    });
    client.on('connect', () => {
      client.subscribe(settings.destination, { qos: 1 }, (error) => {
        if (error === null || error === undefined) setTimeout(() => resolve(null), RETAINED_MS);
      });
    });
  });
  await client.endAsync(true);
  if (value === undefined) return;
  const { ledger, name, destination } = settings;
  ledger.record({
    ...{ kind: 'state', client: name, what: 'retained', name: destination, step: 'read', value },
  });
}

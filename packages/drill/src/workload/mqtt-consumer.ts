import { readBody } from './body.js';
import type { ClientSettings, Consumer } from './client-settings.js';
import { openMqtt } from './mqtt-connection.js';

/**
 * Receives through a session. With QoS 1 nobody says that an acknowledgement arrived; with QoS 2 a
 * message is handed over when the broker has said so (PUBREL).
 */
export function openMqttConsumer(settings: ClientSettings): Consumer {
  const { ledger, name, lane, destination } = settings;
  const client = openMqtt(settings);
  let subscribed = false;
  client.on('message', (_topic, payload, packet) => {
    const { id, crc } = readBody(payload);
    ledger.record({ kind: 'deliver', client: name, id, redelivered: packet.dup, crc });
    ledger.record({ kind: lane.qos === 2 ? 'settled' : 'settle', client: name, id });
  });
  client.on('connect', ({ sessionPresent }) => {
    if (sessionPresent && subscribed) return;
    client.subscribe(destination, { qos: lane.qos }, (error) => {
      subscribed ||= error === null || error === undefined;
    });
  });
  return {
    get connected() {
      return client.connected && subscribed;
    },
    async close() {
      await client.endAsync(true);
    },
  };
}

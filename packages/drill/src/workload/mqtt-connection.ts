import { connect as connectSocket } from 'node:net';
import { MqttClient } from 'mqtt';
import { Backoff } from './backoff.js';
import type { Address, ClientSettings } from './client-settings.js';
import { recordConnected } from './reconnector.js';

const CONNECT_MS = 2000;
const SESSION_SECONDS = 3600;

/**
 * A client of the `mqtt` library with a session. The library reconnects by itself, as only so it
 * keeps what is in flight; it is told how long to wait each time.
 */
export function openMqtt(settings: ClientSettings): MqttClient {
  const { addresses, name, user, password, mqttVersion, heartBeatMs, ledger, random } = settings;
  let attempts = 0;
  let address: Address = addresses[0]!;
  const backoff = new Backoff(random);
  const builder = () => {
    address = addresses[attempts++ % addresses.length]!;
    return connectSocket(address);
  };
  const client = new MqttClient(builder, {
    ...{ clientId: name, username: user, password, protocolVersion: mqttVersion, clean: false },
    ...{ connectTimeout: CONNECT_MS, reconnectPeriod: Math.max(1, backoff.next()) },
    // A standby refuses with "use another server", which this address leads to in a moment.
    reconnectOnConnackError: true,
    keepalive: Math.ceil(heartBeatMs / 1000),
    ...(mqttVersion === 5 ? { properties: { sessionExpiryInterval: SESSION_SECONDS } } : {}),
  });
  let ready = false;
  let reason = 'closed';
  client.on('connect', ({ sessionPresent }) => {
    ready = true;
    backoff.reset();
    recordConnected(settings, address, sessionPresent);
  });
  client.on('error', (error) => {
    reason = error.message;
  });
  // Before the library's own listener, which starts the timer.
  client.prependListener('close', () => {
    client.options.reconnectPeriod = Math.max(1, backoff.next());
    if (!client.disconnecting) {
      ledger.record({ kind: ready ? 'disconnected' : 'error', client: name, reason });
    }
    ready = false;
    reason = 'closed';
  });
  return client;
}

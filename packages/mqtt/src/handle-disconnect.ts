import { ByteReader } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { decodeReasonPacket } from './codec/decoder.js';
import { malformed, protocolError } from './codec/mqtt-error.js';
import { REASON } from './codec/reason.js';
import { expiryMsOf } from './session-expiry.js';

/** MQTT 5 3.14: the client leaves, and may say when its session ends and why it leaves. */
export function handleDisconnect(
  client: MqttClient,
  view: Buffer,
  start: number,
  end: number,
): void {
  if (client.version < 5) {
    if (start !== end) throw malformed('DISCONNECT has a body');
    leave(client, true);
    return;
  }
  const reader = new ByteReader(view, start, end);
  const { reason, properties } = decodeReasonPacket(reader, 'DISCONNECT', client.broker.limits);
  const { sessionExpirySeconds } = properties;
  if (sessionExpirySeconds !== undefined) changeExpiry(client, sessionExpirySeconds);
  // Any other reason than a normal one leaves the will in force [MQTT-3.14.4-3].
  leave(client, reason === REASON.success);
}

function changeExpiry(client: MqttClient, seconds: number): void {
  const asked = client.parts.connect.properties.sessionExpirySeconds ?? 0;
  if (asked === 0 && seconds > 0) {
    throw protocolError('a session that ends with its connection cannot be prolonged');
  }
  client.broker.changeExpiry(client.session, expiryMsOf(seconds, client.broker.limits));
}

function leave(client: MqttClient, discardWill: boolean): void {
  client.release(discardWill);
  client.sink.end();
}

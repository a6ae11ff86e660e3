import { ByteReader } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { decodeAcknowledgement } from './codec/decoder.js';
import { REASON } from './codec/reason.js';
import { CONFIRM } from './confirm-token.js';

/** MQTT 5 3.6: the client will not send its QoS 2 message again [MQTT-4.3.3-11]. */
export function handlePubrel(client: MqttClient, view: Buffer, start: number, end: number): void {
  const { version, broker, session } = client;
  const reader = new ByteReader(view, start, end);
  const { packetId } = decodeAcknowledgement(reader, 'PUBREL', version, broker.limits);
  const known = session.slots.has(packetId);
  if (known) broker.putSlot(session, packetId, null);
  const reason = known ? REASON.success : REASON.packetIdNotFound;
  client.acknowledgeLater(CONFIRM.pubcomp, packetId, reason);
}

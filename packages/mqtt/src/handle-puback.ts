import { ByteReader } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { decodeAcknowledgement } from './codec/decoder.js';
import { FAILURE_MIN } from './codec/reason.js';
import { FLIGHT } from './inflight.js';

/** MQTT 5 3.4: the client has taken a QoS 1 delivery. */
export function handlePuback(client: MqttClient, view: Buffer, start: number, end: number): void {
  // Nearly every PUBACK is an identifier and nothing else.
  if (end - start === 2) {
    acknowledged(client, (view[start]! << 8) | view[start + 1]!, 0);
    return;
  }
  const { version, broker } = client;
  const reader = new ByteReader(view, start, end);
  const { packetId, reason } = decodeAcknowledgement(reader, 'PUBACK', version, broker.limits);
  acknowledged(client, packetId, reason);
}

/** An identifier that is not in flight is ignored: it may be a late answer to an earlier one. */
function acknowledged(client: MqttClient, packetId: number, reason: number): void {
  const { deliveries } = client;
  const { inflight } = deliveries;
  if (inflight.state(packetId) !== FLIGHT.published1) return;
  const entry = inflight.entry(packetId)!;
  deliveries.forget(packetId);
  deliveries.settle(entry, reason >= FAILURE_MIN);
}

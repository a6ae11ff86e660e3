import { ByteReader } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { decodeAcknowledgement } from './codec/decoder.js';
import { FLIGHT } from './inflight.js';

/** MQTT 5 3.7: a QoS 2 delivery is complete. */
export function handlePubcomp(client: MqttClient, view: Buffer, start: number, end: number): void {
  const { version, broker, deliveries } = client;
  const reader = new ByteReader(view, start, end);
  const { packetId } = decodeAcknowledgement(reader, 'PUBCOMP', version, broker.limits);
  const state = deliveries.inflight.state(packetId);
  if (state === FLIGHT.released || state === FLIGHT.releasedAgain) deliveries.forget(packetId);
}

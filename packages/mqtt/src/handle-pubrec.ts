import { ByteReader } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { decodeAcknowledgement } from './codec/decoder.js';
import { ACK } from './codec/encoder.js';
import { FAILURE_MIN, REASON } from './codec/reason.js';
import { CONFIRM } from './confirm-token.js';
import { FLIGHT } from './inflight.js';
import { OUTBOUND_RELEASED, outboundSlot } from './session-slots.js';

/** MQTT 5 3.5: the client has taken a QoS 2 delivery; it is told to forget it once that is durable. */
export function handlePubrec(client: MqttClient, view: Buffer, start: number, end: number): void {
  const { version, broker, deliveries, session } = client;
  const reader = new ByteReader(view, start, end);
  const { packetId, reason } = decodeAcknowledgement(reader, 'PUBREC', version, broker.limits);
  const { inflight } = deliveries;
  switch (inflight.state(packetId)) {
    case FLIGHT.published2: {
      const entry = inflight.entry(packetId)!;
      const failed = reason >= FAILURE_MIN;
      if (failed) deliveries.forget(packetId);
      else inflight.set(packetId, FLIGHT.releasing);
      deliveries.settle(entry, failed);
      if (failed) break;
      broker.putSlot(session, outboundSlot(packetId), OUTBOUND_RELEASED);
      client.acknowledgeLater(CONFIRM.pubrel, packetId, 0);
      break;
    }
    case FLIGHT.released:
    case FLIGHT.releasedAgain:
      client.acknowledge(ACK.pubrel, packetId, 0);
      break;
    case FLIGHT.free:
      client.acknowledge(ACK.pubrel, packetId, REASON.packetIdNotFound);
      break;
    default:
      // Its PUBREL is on the way, or its PUBLISH will be sent again.
      break;
  }
}

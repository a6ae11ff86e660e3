import { BrokerError } from '@causeway/core';
import type { MqttClient } from './client.js';
import { MqttError, malformed, protocolError } from './codec/mqtt-error.js';
import { FAILURE_MIN, REASON, type Reason } from './codec/reason.js';
import { CONFIRM } from './confirm-token.js';
import { ERROR_REASONS } from './errors.js';
import { findTarget } from './find-target.js';
import { createMessage } from './publish-message.js';
import { INBOUND_TAKEN } from './session-slots.js';
import type { PublishTarget } from './topic-cache.js';

/**
 * MQTT 5 3.3. Bytes are read here without a reader: most of what a broker does is this, and it must
 * cost no object but the message itself.
 */
export function handlePublish(
  client: MqttClient,
  view: Buffer,
  first: number,
  start: number,
  end: number,
): void {
  const qos = (first >> 1) & 3;
  if (qos === 3) throw malformed('a publish has QoS 3'); // [MQTT-3.3.1-4]
  if (qos === 0 && (first & 8) !== 0) throw malformed('DUP at QoS 0'); // [MQTT-3.3.1-2]
  const topicStart = start + 2;
  if (topicStart > end) throw malformed('a publish ends in its topic');
  const topicEnd = topicStart + ((view[start]! << 8) | view[start + 1]!);
  const block = qos === 0 ? topicEnd : topicEnd + 2;
  if (block > end) throw malformed('a publish ends in its topic');
  let payload = block;
  if (client.version === 5) {
    if (block === end) throw malformed('a publish has no property length');
    payload =
      view[block] === 0
        ? client.publishProperties.none(block + 1)
        : client.publishProperties.scan(view, block, end, client.broker.limits);
  }
  const target = findTarget(client, view, topicStart, topicEnd);
  if (qos === 0) {
    publish(client, target, view, first, block, payload, end);
    return;
  }
  const packetId = (view[topicEnd]! << 8) | view[topicEnd + 1]!;
  if (packetId === 0) throw protocolError('the packet identifier is 0'); // [MQTT-2.2.1-3]
  const { session } = client;
  const repeated = qos === 2 && session.slots.has(packetId);
  // A repetition takes no further place of what the client may have unconfirmed.
  if (!repeated) client.begin();
  if (qos === 1) {
    const reason = publish(client, target, view, first, block, payload, end);
    client.acknowledgeLater(CONFIRM.puback, packetId, reason);
    return;
  }
  let reason: Reason = REASON.success;
  // What was taken is not published again, whatever comes under its identifier [MQTT-4.3.3-10].
  if (!repeated) {
    reason = publish(client, target, view, first, block, payload, end);
    // A failure ends the exchange with MQTT 5; with MQTT 3 it goes on as if nothing was wrong.
    if (reason < FAILURE_MIN || client.version < 5) {
      client.broker.putSlot(session, packetId, INBOUND_TAKEN);
    }
  }
  client.acknowledgeLater(CONFIRM.pubrec, packetId, reason);
}

/** Hands the message to the broker; returns the reason code for its acknowledgement. */
function publish(
  client: MqttClient,
  target: PublishTarget,
  view: Buffer,
  first: number,
  block: number,
  payload: number,
  end: number,
): Reason {
  // MQTT 3.1.1 leaves the choice between closing and acknowledging what is then dropped
  // [MQTT-3.3.5-2]; like Mosquitto, we acknowledge. The refusal is in the audit log.
  if (target.refusal !== REASON.success) return target.refusal;
  const message = createMessage(client, target.address, view, first, block, payload, end);
  if (message === null) {
    if ((first & 6) !== 0) return REASON.payloadFormatInvalid;
    throw new MqttError(REASON.payloadFormatInvalid, 'the payload is not UTF-8 text');
  }
  try {
    const queues = client.broker.publish(message);
    return queues === 0 ? REASON.noMatchingSubscribers : REASON.success;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    if ((first & 6) === 0) {
      client.broker.metrics.messagesDropped++;
      return REASON.success;
    }
    // MQTT 3 cannot say that the message was not taken; an acknowledgement would be a lie.
    if (client.version < 5) throw error;
    client.refuse((view[block - 2]! << 8) | view[block - 1]!, error.message);
    return ERROR_REASONS[error.code].publish;
  }
}

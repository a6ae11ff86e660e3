import { utf8Slice } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { MqttError, malformed, protocolError } from './codec/mqtt-error.js';
import { REASON } from './codec/reason.js';
import { addressOfTopic, isBrokersOwn } from './naming.js';
import type { PublishTarget } from './topic-cache.js';

/**
 * Where a PUBLISH goes, by its topic name in `view[start, end)` or its topic alias.
 * @throws MqttError, or BrokerError `invalid-address`
 */
export function findTarget(
  client: MqttClient,
  view: Buffer,
  start: number,
  end: number,
): PublishTarget {
  const { topicAlias } = client.publishProperties;
  if (start === end) return targetOfAlias(client, topicAlias);
  const target = client.topics.find(view, start, end) ?? resolve(client, view, start, end);
  if (topicAlias >= 0) {
    checkAlias(client, topicAlias);
    client.aliases[topicAlias] = target;
  }
  return target;
}

function targetOfAlias(client: MqttClient, topicAlias: number): PublishTarget {
  if (client.version < 5) throw malformed('a topic name is empty'); // [MQTT-4.7.3-1]
  if (topicAlias < 0) throw protocolError('a publish has neither a topic nor an alias');
  checkAlias(client, topicAlias);
  const target = client.aliases[topicAlias];
  if (target === undefined) throw protocolError('the topic alias was never set');
  return target;
}

/** An alias is between 1 and what CONNACK allowed [MQTT-3.3.2-8, -9]. */
function checkAlias(client: MqttClient, topicAlias: number): void {
  if (topicAlias > 0 && topicAlias <= client.broker.limits.topicAliasMax) return;
  throw new MqttError(REASON.topicAliasInvalid, 'the topic alias is out of range');
}

/** Decides once per connection and topic. */
function resolve(client: MqttClient, view: Buffer, start: number, end: number): PublishTarget {
  const text = utf8Slice(view, start, end);
  if (text.includes('\0')) throw malformed('a topic name holds U+0000');
  const { addresses, limits } = client.broker;
  const address = addressOfTopic(text, addresses, limits);
  const allowed = !isBrokersOwn(address) && client.connection.may('write', address);
  const refusal = allowed ? REASON.success : REASON.notAuthorized;
  const target = { address, refusal, topic: Buffer.from(view.subarray(start, end)) };
  client.topics.add(target);
  return target;
}

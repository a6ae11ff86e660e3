import { isWritable } from './codec/text.js';
import { isTopicName } from './codec/topic-syntax.js';
import { QUEUE_PREFIX, swapSeparators } from './naming.js';

const TOPIC_SCHEME = 'topic://';
const QUEUE_SCHEME = 'queue://';

/** `$queue/name` is a queue, as everywhere in MQTT here; anything else is a topic. */
export function uriOfResponseTopic(topic: string): string {
  if (!topic.startsWith(QUEUE_PREFIX)) return `topic://${swapSeparators(topic)}`;
  return `queue://${topic.slice(QUEUE_PREFIX.length)}`;
}

/** The reverse; null for an address that no topic name of MQTT stands for. */
export function responseTopicOf(replyTo: string): string | null {
  if (!replyTo.startsWith(TOPIC_SCHEME)) {
    const isUri = replyTo.startsWith(QUEUE_SCHEME);
    return usable(QUEUE_PREFIX + (isUri ? replyTo.slice(QUEUE_SCHEME.length) : replyTo));
  }
  const topic = swapSeparators(replyTo.slice(TOPIC_SCHEME.length));
  return topic.startsWith(QUEUE_PREFIX) ? null : usable(topic);
}

function usable(topic: string): string | null {
  return isTopicName(topic) && isWritable(topic) ? topic : null;
}

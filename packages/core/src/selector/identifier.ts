import type { Content, PropertyValue } from '../content.js';
import type { Formats } from '../format.js';
import { writeIdentifier } from '../identifier-text.js';
import type { Message } from '../message.js';
import { invalidSelector } from './invalid-selector.js';
import type { Evaluate, SelectorValue } from './selector-value.js';

type Field = (message: Message, formats: Formats) => SelectorValue;

/** A field that only the view of the message's content has. */
const viewed =
  (field: (content: Content) => SelectorValue | undefined): Field =>
  (message, formats) =>
    field(formats.view(message)) ?? null;

/**
 * Header fields and the properties that JMS defines. Besides those that JMS lets a selector name
 * (2.0, 3.8.1.1) there are three more, as in ActiveMQ; a destination is its URI.
 */
const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['JMSDeliveryMode', ({ durable }) => (durable ? 'PERSISTENT' : 'NON_PERSISTENT')],
  ['JMSPriority', ({ priority }) => priority],
  ['JMSExpiration', ({ expiresAt }) => expiresAt],
  ['JMSDestination', ({ address }) => address.uri],
  ['JMSReplyTo', viewed(({ replyTo }) => replyTo)],
  ['JMSTimestamp', (message, formats) => formats.view(message).creationTime ?? message.timestamp],
  ['JMSMessageID', (message, formats) => formats.view(message).messageId ?? String(message.id)],
  ['JMSCorrelationID', viewed(({ correlationId }) => writeIdentifier(correlationId))],
  ['JMSType', viewed(({ subject }) => subject)],
  ['JMSXGroupID', viewed(({ groupId }) => groupId)],
  ['JMSXGroupSeq', viewed(({ groupSequence }) => groupSequence)],
  ['JMSXUserID', viewed(({ userId }) => userId)],
]);

/** What belongs to a delivery: there is none yet when a selector chooses. */
const OF_DELIVERIES: ReadonlySet<string> = new Set(['JMSRedelivered', 'JMSXDeliveryCount']);

/**
 * What an identifier stands for: a header field; or what the broker added under that name; or the
 * property of that name, of which the first counts; or NULL. The view of the message is made only
 * when it is needed.
 * @throws BrokerError `invalid-selector`
 */
export function readerOf(name: string, at: number, formats: Formats): Evaluate {
  if (OF_DELIVERIES.has(name)) {
    throw invalidSelector(at, `${name} belongs to a delivery, and cannot be selected by`);
  }
  const field = FIELDS.get(name);
  if (field !== undefined) return (message) => field(message, formats);
  return (message) => {
    const annotation = message.annotations?.get(name);
    if (annotation !== undefined) return annotation;
    for (const property of formats.view(message).properties) {
      if (property[0] === name) return selectorValueOf(property[1]);
    }
    return null;
  };
}

/** JMS has no times: they are milliseconds since 1970 (2.0, 3.8.1.3). */
function selectorValueOf(value: PropertyValue): SelectorValue {
  return value instanceof Date ? value.getTime() : value;
}

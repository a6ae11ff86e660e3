import type { Body } from '@causeway/core';

/** Message annotations by which JMS clients know what a message is, and of what kind its addresses. */
export const JMS_ANNOTATION = {
  messageType: 'x-opt-jms-msg-type',
  destination: 'x-opt-jms-dest',
  replyTo: 'x-opt-jms-reply-to',
} as const;

const MESSAGE_TYPE = { message: 0, map: 2, bytes: 3, stream: 4, text: 5 } as const;
const DESTINATION_TYPE = { queue: 0, topic: 1, temporaryQueue: 2, temporaryTopic: 3 } as const;

/** Of these no other protocol needs to know: JMS's are made anew, and the broker obeys the others. */
const OF_ONE_PROTOCOL = /^x-opt-(jms-|delivery-)/;
/** How the broker names temporary queues and topics. */
const TEMPORARY_PREFIX = 'temporary.';
const REPLY_TO = /^(?:temp-)?(queue|topic):\/\//;

/** Whether an annotation means something to AMQP clients or this broker only. */
export function isOfOneProtocol(name: string): boolean {
  return OF_ONE_PROTOCOL.test(name);
}

/** Whether the annotation of the message type says that a message is text. */
export function isTextMessage(type: unknown): boolean {
  return type === MESSAGE_TYPE.text;
}

/** Which kind of JMS message the body makes. */
export function jmsMessageType(body: Body): number {
  switch (body.kind) {
    case 'text':
      return MESSAGE_TYPE.text;
    case 'binary':
      return MESSAGE_TYPE.bytes;
    case 'sequence':
      return MESSAGE_TYPE.stream;
    case 'value':
      if (Array.isArray(body.value)) return MESSAGE_TYPE.stream;
      if (!(body.value instanceof Map)) return MESSAGE_TYPE.message;
      // The names in a map message of JMS are text.
      return [...body.value.keys()].every((key) => typeof key === 'string')
        ? MESSAGE_TYPE.map
        : MESSAGE_TYPE.message;
  }
}

/** Which kind of JMS destination an address URI is. */
export function jmsDestinationType(uri: string): number {
  const isTopic = uri.startsWith('topic://');
  const isTemporary = uri.startsWith(TEMPORARY_PREFIX, uri.indexOf('://') + 3);
  if (isTemporary) {
    return isTopic ? DESTINATION_TYPE.temporaryTopic : DESTINATION_TYPE.temporaryQueue;
  }
  return isTopic ? DESTINATION_TYPE.topic : DESTINATION_TYPE.queue;
}

/**
 * A reply-to as an address URI; undefined for an empty one.
 * @param type the annotation of JMS, which says what one without a prefix is
 */
export function replyToUri(text: string, type: unknown): string | undefined {
  const prefix = REPLY_TO.exec(text);
  const name = text.slice(prefix?.[0].length ?? 0);
  if (name === '') return undefined;
  if (prefix !== null) return `${prefix[1]}://${name}`;
  const isTopic = type === DESTINATION_TYPE.topic || type === DESTINATION_TYPE.temporaryTopic;
  return `${isTopic ? 'topic' : 'queue'}://${name}`;
}

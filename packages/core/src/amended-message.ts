import { Message } from './message.js';

/** A copy of a message with what its consumers have added: it shares the sender's bytes. */
export function amendedMessage(message: Message, amendments: Buffer): Message {
  const { address, format, durable, bytes, start, end, borrowed } = message;
  const amended = new Message(address, format, durable, bytes, start, end, borrowed);
  amended.id = message.id;
  amended.priority = message.priority;
  amended.expiresAt = message.expiresAt;
  amended.timestamp = message.timestamp;
  amended.formatFlags = message.formatFlags;
  amended.retain = message.retain;
  amended.emptyBody = message.emptyBody;
  amended.publisherId = message.publisherId;
  amended.annotations = message.annotations;
  amended.amendments = amendments;
  return amended;
}

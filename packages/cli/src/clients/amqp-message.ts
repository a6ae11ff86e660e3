import rhea, { type Delivery, type Message } from 'rhea';
import { CommandError } from '../exit-code.js';
import type { IncomingMessage, OutgoingMessage } from './message-client.js';

/** Bodies as the library shows them: one section of data or of a list, or several of them. */
interface BodySection {
  readonly typecode: number;
  readonly content: unknown;
  readonly multiple?: boolean;
}

const DATA_SECTION = 0x75;

/** Fields of the header and the properties that are shown beside the application's own. */
const SHOWN_FIELDS = [
  ['message-id', 'message_id'],
  ['subject', 'subject'],
  ['reply-to', 'reply_to'],
  ['correlation-id', 'correlation_id'],
  ['group-id', 'group_id'],
  ['priority', 'priority'],
] as const;

/**
 * The message as the library sends it. Its body is a data section: the bytes, with the content type
 * to say what they are.
 */
export function toAmqpMessage(destination: string, message: OutgoingMessage): Message {
  const sent: Message = {
    body: rhea.message.data_section(message.body),
    to: destination,
    durable: message.qos > 0,
  };
  if (message.contentType !== undefined) sent.content_type = message.contentType;
  if (message.priority !== undefined) sent.priority = message.priority;
  if (message.replyTo !== undefined) sent.reply_to = message.replyTo;
  if (message.correlationId !== undefined) sent.correlation_id = message.correlationId;
  if (message.timeToLiveSeconds !== undefined) {
    sent.ttl = Math.round(message.timeToLiveSeconds * 1000);
  }
  if (message.headers.length > 0) sent.application_properties = toProperties(message.headers);
  return sent;
}

export function toIncomingMessage(
  message: Message,
  delivery: Delivery,
  source: string,
): IncomingMessage {
  const shown = SHOWN_FIELDS.filter(([, field]) => message[field] !== undefined);
  const properties = Object.entries(message.application_properties ?? {});
  return {
    destination: message.to ?? source,
    body: toBytes(message.body),
    headers: [
      ...properties.map(([name, value]) => [name, toText(value)] as const),
      ...shown.map(([name, field]) => [name, toText(message[field])] as const),
    ],
    contentType: message.content_type ?? null,
    redelivered: (message.delivery_count ?? 0) > 0,
    qos: delivery.remote_settled ? 0 : 1,
  };
}

/** A map has a key once only (AMQP 1.0, 1.6.23). */
function toProperties(headers: OutgoingMessage['headers']): Record<string, string> {
  const properties = new Map<string, string>();
  for (const [name, value] of headers) {
    if (properties.has(name)) {
      throw new CommandError(`AMQP has an application property once only: ${name}`);
    }
    properties.set(name, value);
  }
  return Object.fromEntries(properties);
}

/** Data and strings are their bytes; every other value is shown as JSON. */
function toBytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === 'string') return Buffer.from(body);
  if (body === null || body === undefined) return Buffer.alloc(0);
  const { typecode, content, multiple } = body as BodySection;
  if (typecode === DATA_SECTION) {
    return multiple === true ? Buffer.concat(content as Buffer[]) : (content as Buffer);
  }
  return Buffer.from(JSON.stringify(typecode === undefined ? body : content));
}

function toText(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

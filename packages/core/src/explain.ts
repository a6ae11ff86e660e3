import type { Body, Content } from './content.js';
import type { Change, Dialect, EnvelopeField } from './dialect.js';
import { bodyValue, type FoundLoss, findLosses } from './explain-losses.js';
import { previewOf } from './explain-value.js';
import type { Formats, MessageFormat } from './format.js';
import { Message, PRIORITY_DEFAULT } from './message.js';

/** A part of a message that receivers do not get as it was sent. */
export interface Loss {
  /**
   * A field of the content or the envelope, or `destination`; of a property or annotation also its
   * name, as `properties.colour`.
   */
  readonly field: string;
  readonly change: Change;
  readonly why: string;
  /** What was sent, cut to a readable length. */
  readonly value: string;
}

/** A message as the receivers of one dialect get it. */
export interface ReceivedMessage {
  readonly protocol: string;
  /** How they call its address; null when they cannot, and so do not get it. */
  readonly destination: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: { readonly kind: Body['kind']; readonly preview: string };
  readonly losses: readonly Loss[];
}

export interface Explanation {
  /** The name of the format that the message is in. */
  readonly format: string;
  readonly received: readonly ReceivedMessage[];
}

/** How the receivers of each protocol get a message, and what of it they do not get. */
export function explain(message: Message, formats: Formats): Explanation {
  const sender = formats.get(message.format);
  const received: ReceivedMessage[] = [];
  for (const format of formats.all()) {
    const arriving = messageIn(format, message, formats);
    const content = format.view(arriving);
    for (const dialect of format.dialects) {
      received.push(receive(dialect, message, arriving, formats.view(message), content));
    }
  }
  return { format: sender.name, received };
}

/**
 * The first part of a message that receivers of another format would not get at all or not as it
 * was; null when there is none. Texts in the place of other types are no loss here: many protocols
 * know nothing else. Each format counts with its most capable dialect.
 */
export function firstLoss(
  message: Message,
  formats: Formats,
): (Loss & { protocol: string }) | null {
  for (const format of formats.all()) {
    const [dialect] = format.dialects;
    if (format.id === message.format || dialect === undefined) continue;
    const content = format.view(messageIn(format, message, formats));
    for (const loss of lossesOf(dialect, message, formats.view(message), content)) {
      if (loss.change !== 'retyped') return { ...loss, protocol: dialect.name };
    }
  }
  return null;
}

/** The message as it is in a format. */
function messageIn(format: MessageFormat, message: Message, formats: Formats): Message {
  if (format.id === message.format) return message;
  const { address, durable } = message;
  const bytes = formats.convert(message, format.id);
  const converted = new Message(address, format.id, durable, bytes, 0, bytes.length, false);
  converted.formatFlags = format.builtFlags;
  converted.priority = message.priority;
  converted.expiresAt = message.expiresAt;
  converted.timestamp = message.timestamp;
  converted.annotations = message.annotations;
  return converted;
}

function receive(
  dialect: Dialect,
  message: Message,
  arriving: Message,
  sent: Content,
  content: Content,
): ReceivedMessage {
  const { body } = dialect.receive(content);
  return {
    protocol: dialect.name,
    destination: dialect.destination(message.address),
    headers: dialect.describe(arriving).map(([name, value]) => [name, previewOf(value)]),
    body: { kind: body.kind, preview: previewOf(bodyValue(body)) },
    losses: lossesOf(dialect, message, sent, content),
  };
}

function lossesOf(dialect: Dialect, message: Message, sent: Content, content: Content): Loss[] {
  const found: FoundLoss[] = [];
  if (dialect.destination(message.address) === null) {
    found.push({ field: 'destination', change: 'lost', value: message.address.uri });
  }
  for (const field of envelopeOf(message)) {
    if (!dialect.envelope.includes(field)) {
      const value = field === 'expiresAt' ? new Date(message.expiresAt) : message[field];
      found.push({ field, change: 'lost', value });
    }
  }
  found.push(...findLosses(sent, dialect.receive(content)));
  return found.map(({ field, change, value }) => ({
    field,
    change,
    why: dialect.reason(field, change),
    value: previewOf(value),
  }));
}

/** The fields of the envelope that the sender set. */
function* envelopeOf({ durable, priority, expiresAt }: Message): Generator<EnvelopeField> {
  if (durable) yield 'durable';
  if (priority !== PRIORITY_DEFAULT) yield 'priority';
  if (expiresAt !== 0) yield 'expiresAt';
}

import type { Address, AddressBook } from './address.js';
import { FORMAT_IDS, type FormatId } from './format.js';
import { Message } from './message.js';
import type { QueueKind } from './queue-definition.js';
import type { Will } from './session.js';
import type { BindingOptions } from './subscription.js';

/** The queue of delayed messages: nobody consumes from it, so that it is no `Queue` in memory. */
export const SCHEDULE_KIND = 'schedule';

/** The cold records, as JSON. A field that is added must have a meaning when it is absent. */
export interface QueueDocument {
  readonly name: string;
  readonly kind: QueueKind | typeof SCHEDULE_KIND;
  readonly ownerId: number;
  /** Of a subscription; absent for ever. */
  readonly life?: SubscriptionLife;
  /** Being deleted: what is left of its messages is settled after a restart. */
  readonly deleted?: boolean;
}

/** How long a subscription outlives its consumers. */
export interface SubscriptionLife {
  /** Milliseconds; 0 ends with the last consumer. */
  readonly expiryMs: number;
  /** Wall-clock milliseconds since when nobody consumes; absent while somebody does. */
  readonly unusedSince?: number;
}

/** Document 0 of kind `queue`: ids below `nextId` may have been used. */
export interface CounterDocument {
  readonly nextId: number;
}

export interface BindingDocument {
  readonly queueId: number;
  readonly filter: string;
  readonly options: BindingOptions;
}

export interface SessionDocument {
  readonly name: string;
  /** The session's queue; null when only its will has to survive. */
  readonly queueId: number | null;
  /** Null for a session that never ends. */
  readonly expiryMs: number | null;
  /** Wall-clock milliseconds at which its client went away; null while it is connected. */
  readonly disconnectedAt: number | null;
  readonly will: WillDocument | null;
}

export interface WillDocument {
  readonly address: string;
  readonly format: FormatId;
  readonly formatFlags: number;
  readonly durable: boolean;
  readonly retain: boolean;
  /** Absent for false. */
  readonly emptyBody?: boolean;
  readonly priority: number;
  /** Milliseconds that the message lives once it is sent; 0 for ever. */
  readonly delayMs: number;
  readonly expiryMs: number;
  /** Base64. */
  readonly bytes: string;
}

export function encodeDocument(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}

export function decodeDocument<T>(bytes: Buffer): T {
  return JSON.parse(bytes.toString()) as T;
}

export function willToDocument(will: Will): WillDocument {
  const { message } = will;
  return {
    address: message.address.uri,
    format: message.format,
    formatFlags: message.formatFlags,
    durable: message.durable,
    retain: message.retain,
    emptyBody: message.emptyBody,
    priority: message.priority,
    delayMs: will.delayMs,
    expiryMs: will.expiryMs,
    bytes: message.bytes.toString('base64', message.start, message.end),
  };
}

export function willFromDocument(document: WillDocument, addresses: AddressBook): Will {
  const bytes = Buffer.from(document.bytes, 'base64');
  const address: Address = addresses.parse(document.address);
  const format = document.format ?? FORMAT_IDS.mqtt;
  const { durable } = document;
  const message = new Message(address, format, durable, bytes, 0, bytes.length, false);
  message.formatFlags = document.formatFlags;
  message.retain = document.retain;
  message.emptyBody = document.emptyBody ?? false;
  message.priority = document.priority;
  return { message, delayMs: document.delayMs, expiryMs: document.expiryMs };
}

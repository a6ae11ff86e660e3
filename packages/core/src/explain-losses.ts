import type { Body, Content, ContentValue, Property, PropertyValue } from './content.js';
import type { Change } from './dialect.js';
import { sameValue } from './explain-value.js';
import { keyText, plainBody, propertyText } from './plain-body.js';

/** A part of a message that does not arrive as it was sent. */
export interface FoundLoss {
  /** A field of the content; of a property or annotation also its name, as `properties.colour`. */
  readonly field: string;
  readonly change: Change;
  readonly value: ContentValue;
}

const SIMPLE_FIELDS = [
  'messageId',
  'userId',
  'subject',
  'replyTo',
  'contentEncoding',
  'creationTime',
  'groupId',
  'groupSequence',
  'replyToGroupId',
] as const satisfies readonly (keyof Content)[];
const CHARSET = /;\s*charset\s*=\s*("[^"]*"|[^;]*)/i;

/** What of `sent` is missing in `received`, or different. What was added on the way is no loss. */
export function findLosses(sent: Content, received: Content): FoundLoss[] {
  const losses: FoundLoss[] = [];
  const add = (field: string, value: ContentValue, change: Change | null): void => {
    if (change !== null) losses.push({ field, change, value });
  };
  for (const field of SIMPLE_FIELDS) {
    const value = sent[field];
    if (value !== undefined) add(field, value, changeOf(value, received[field]));
  }
  const { contentType, correlationId } = sent;
  if (contentType !== undefined) add('contentType', contentType, changeOfType(sent, received));
  if (correlationId !== undefined) {
    add('correlationId', correlationId, changeOfBytes(correlationId, received.correlationId));
  }
  comparePairs('annotations', sent.annotations ?? [], received.annotations ?? [], add);
  comparePairs('properties', sent.properties, received.properties, add);
  add('body', bodyValue(sent.body), changeOfBody(sent, received.body));
  return losses;
}

function changeOf(sent: PropertyValue, received: PropertyValue | undefined): Change | null {
  if (received === undefined) return 'lost';
  if (sameValue(sent, received)) return null;
  return propertyText(sent) === received ? 'retyped' : 'changed';
}

/** Text may be written in another character set, and then says so. */
function changeOfType(sent: Content, received: Content): Change | null {
  const change = changeOf(sent.contentType!, received.contentType);
  if (change !== 'changed' || sent.body.kind !== 'text') return change;
  const same =
    sent.contentType!.replace(CHARSET, '') === received.contentType!.replace(CHARSET, '');
  return same ? 'retyped' : change;
}

function changeOfBytes(
  sent: string | Uint8Array,
  received: string | Uint8Array | undefined,
): Change | null {
  if (received === undefined) return 'lost';
  if (typeof sent === typeof received) return sameValue(sent, received) ? null : 'changed';
  return Buffer.from(sent as string).equals(Buffer.from(received as string))
    ? 'retyped'
    : 'changed';
}

/** Pairs of one name are taken in order, those that are the same in both first. */
function comparePairs(
  field: 'annotations' | 'properties',
  sent: readonly Property[],
  received: readonly Property[],
  add: (field: string, value: ContentValue, change: Change | null) => void,
): void {
  const left = new Map<string, PropertyValue[]>();
  for (const [name, value] of received) {
    const values = left.get(name);
    if (values === undefined) left.set(name, [value]);
    else values.push(value);
  }
  const take = (name: string, fits: (value: PropertyValue) => boolean) => {
    const values = left.get(name) ?? [];
    const index = values.findIndex(fits);
    return index < 0 ? undefined : values.splice(index, 1)[0];
  };
  const unequal = sent.filter(
    ([name, value]) => take(name, (other) => sameValue(value, other)) === undefined,
  );
  for (const [name, value] of unequal) {
    add(
      `${field}.${name}`,
      value,
      changeOf(
        value,
        take(name, () => true),
      ),
    );
  }
}

function changeOfBody(sent: Content, received: Body): Change | null {
  const { body } = sent;
  if (sameValue(bodyValue(body), bodyValue(received)) && body.kind === received.kind) return null;
  const plain = plainBody(sent).body;
  const before = plain.kind === 'text' ? Buffer.from(plain.text) : plain.bytes;
  if (received.kind !== 'text' && received.kind !== 'binary') return 'changed';
  const after = received.kind === 'text' ? Buffer.from(received.text) : received.bytes;
  return Buffer.compare(before, after) === 0 && isReadable(bodyValue(body)) ? 'retyped' : 'changed';
}

/** A body as one value. */
export function bodyValue(body: Body): ContentValue {
  switch (body.kind) {
    case 'text':
      return body.text;
    case 'binary':
      return body.bytes;
    case 'value':
      return body.value;
    case 'sequence':
      return body.items;
  }
}

/** Whether the text of a value says all that it holds, apart from types; JSON has limits. */
function isReadable(value: ContentValue): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  if (Array.isArray(value)) return value.every(isReadableItem);
  if (!(value instanceof Map)) return true;
  const names = new Set([...value.keys()].map(keyText));
  return names.size === value.size && [...value.values()].every(isReadableItem);
}

function isReadableItem(value: ContentValue): boolean {
  return typeof value === 'number' ? Number.isFinite(value) : isReadable(value);
}

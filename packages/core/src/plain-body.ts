import type { Body, Content, ContentValue, PropertyValue } from './content.js';

export type PlainBody = Extract<Body, { readonly kind: 'text' | 'binary' }>;

const JSON_TYPE = 'application/json';

/**
 * The body as protocols without typed values write it, and its content type: lists and maps become
 * JSON, other values their text.
 */
export function plainBody(content: Content): {
  readonly body: PlainBody;
  readonly contentType: string | undefined;
} {
  const { body, contentType } = content;
  switch (body.kind) {
    case 'text':
    case 'binary':
      return { body, contentType };
    case 'sequence':
      return { body: { kind: 'text', text: jsonText(body.items) }, contentType: JSON_TYPE };
    case 'value':
      if (isSimple(body.value)) {
        return { body: { kind: 'text', text: propertyText(body.value) }, contentType };
      }
      return { body: { kind: 'text', text: jsonText(body.value) }, contentType: JSON_TYPE };
  }
}

/** A property as text: times as ISO 8601, bytes in Base64, null as nothing. */
export function propertyText(value: PropertyValue): string {
  if (value === null) return '';
  if (value instanceof Date) return timeText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}

/**
 * A value as JSON: times and bytes as in {@link propertyText}, large integers with all their
 * digits, and the keys of maps as text. What JSON has no number for is null.
 */
export function jsonText(value: ContentValue): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (value instanceof Map) {
    const members = [...value].map(
      ([key, item]) => `${JSON.stringify(keyText(key))}:${jsonText(item)}`,
    );
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date || value instanceof Uint8Array) {
    return JSON.stringify(propertyText(value));
  }
  return JSON.stringify(value);
}

/** The key of a map as the name that it gets in JSON. */
export function keyText(key: ContentValue): string {
  if (key === null) return 'null';
  return isSimple(key) ? propertyText(key) : jsonText(key);
}

function isSimple(value: ContentValue): value is PropertyValue {
  return !(Array.isArray(value) || value instanceof Map);
}

/** A time beyond what a `Date` can hold has no text. */
function timeText(time: Date): string {
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
}

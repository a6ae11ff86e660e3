import { type ContentValue, jsonText, type PropertyValue } from '@causeway/core';
import { AmqpSymbol, type AmqpValue, Described, Uuid } from './codec/value.js';

/** A value without what only AMQP knows: symbols and uuids are text, a described value is its value. */
export function contentValue(value: AmqpValue): ContentValue {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof AmqpSymbol || value instanceof Uuid) return value.text;
  if (value instanceof Described) return contentValue(value.value);
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [contentValue(key), contentValue(item)]));
  }
  if (Array.isArray(value)) return value.map(contentValue);
  return value as Date | Buffer;
}

/** The value of a property or an annotation, which is a simple one: others become JSON. */
export function propertyValue(value: AmqpValue): PropertyValue {
  const content = contentValue(value);
  return Array.isArray(content) || content instanceof Map
    ? jsonText(content)
    : (content as PropertyValue);
}

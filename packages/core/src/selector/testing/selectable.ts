import { AddressBook } from '../../address.js';
import type { Content, PropertyValue } from '../../content.js';
import { Formats } from '../../format.js';
import { createLimits } from '../../limits.js';
import { Message } from '../../message.js';
import { compileSelector } from '../compile-selector.js';

type Properties = Readonly<Record<string, PropertyValue>>;

const FORMAT = 99;
const EMPTY = Buffer.alloc(0);

/** A message whose view has the given properties and fields. */
export function selectable(properties: Properties = {}, fields: Partial<Content> = {}): Message {
  const address = new AddressBook().queue('orders');
  const message = new Message(address, FORMAT, true, EMPTY, 0, 0, false);
  message.content = {
    properties: Object.entries(properties),
    body: { kind: 'binary', bytes: EMPTY },
    ...fields,
  };
  return message;
}

/** Whether a selector matches a message with the given properties and fields. */
export function selects(text: string, properties?: Properties, fields?: Partial<Content>): boolean {
  return compile(text).matches(selectable(properties, fields));
}

export function compile(text: string) {
  return compileSelector(text, new Formats(), createLimits());
}

/** Whether the condition is true, false or unknown: a selector alone does not tell the last two. */
export function truthOf(condition: string, properties?: Properties): boolean | null {
  if (selects(condition, properties)) return true;
  return selects(`NOT (${condition})`, properties) ? false : null;
}

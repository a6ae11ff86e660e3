import {
  AddressBook,
  BrokerError,
  type ContentValue,
  checkName,
  createLimits,
  type Explanation,
  explain,
  type SentParts,
} from '@causeway/core';
import { createFormats } from './protocols.js';

/** A message as somebody describes it, to know what would become of it. */
export interface SentMessage extends Omit<SentParts, 'address' | 'value'> {
  /** `queue://name` or `topic://name`. */
  readonly destination: string;
  /** A typed body as JSON has it, instead of `body`. */
  readonly value?: unknown;
}

/**
 * What would become of a message that a client sends with one protocol.
 * @param protocol the key of a dialect, as `mqtt5`
 * @throws BrokerError for a protocol that does not exist, and for what it cannot say
 */
export function explainSent(protocol: string, message: SentMessage): Explanation {
  const formats = createFormats();
  const dialects = formats.all().flatMap((format) => format.dialects);
  const dialect = dialects.find(({ key }) => key === protocol);
  if (dialect === undefined) {
    const known = dialects.map(({ key }) => key).join(', ');
    throw new BrokerError('not-supported', `${protocol} is none of the protocols: ${known}`);
  }
  const address = new AddressBook().parse(message.destination);
  checkName(address.name, createLimits());
  const { value } = message;
  const typed = value === undefined ? {} : { value: valueOfJson(value) };
  return explain(dialect.compose({ ...message, address, ...typed } as SentParts), formats);
}

/** Objects are maps, whose order and names are those of the text. */
function valueOfJson(json: unknown): ContentValue {
  if (Array.isArray(json)) return json.map(valueOfJson);
  if (typeof json !== 'object' || json === null) return json as ContentValue;
  return new Map(Object.entries(json).map(([name, member]) => [name, valueOfJson(member)]));
}

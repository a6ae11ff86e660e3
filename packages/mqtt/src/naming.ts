import {
  type Address,
  type AddressBook,
  BrokerError,
  checkFilter,
  checkName,
  FORMAT_IDS,
  type Limits,
} from '@causeway/core';
import { isTopicFilter, isTopicName } from './codec/topic-syntax.js';

/** Before the name of a queue, which is written as everywhere else: `$queue/orders.new`. */
export const QUEUE_PREFIX = '$queue/';
const SHARE_PREFIX = '$share/';

/** The broker's names have dots between levels, as ActiveMQ writes them; MQTT has slashes. */
const SWAPPED = new Map([
  ['/', '.'],
  ['.', '/'],
  ['+', '*'],
  ['*', '+'],
  ['#', '>'],
  ['>', '#'],
]);

/**
 * Turns an MQTT name or filter into the broker's, and back: `/` and `.`, `+` and `*`, `#` and `>`
 * change places, so that nothing is lost either way.
 */
export function swapSeparators(name: string): string {
  return name.replace(/[/.+*#>]/g, (character) => SWAPPED.get(character)!);
}

/**
 * The address that a PUBLISH, a will or a response topic names.
 * @throws BrokerError `invalid-address`
 */
export function addressOfTopic(topic: string, addresses: AddressBook, limits: Limits): Address {
  if (!isTopicName(topic)) throw new BrokerError('invalid-address', 'this is not a topic name');
  if (topic.startsWith(QUEUE_PREFIX)) return queueAddress(topic, addresses, limits);
  if (topic.startsWith(SHARE_PREFIX)) {
    throw new BrokerError('invalid-address', 'nobody can publish to a shared subscription');
  }
  const name = swapSeparators(topic);
  checkName(name, limits);
  return addresses.topic(name);
}

/** Topics below `$SYS` belong to the broker [MQTT 5 4.7.2]. */
export function isBrokersOwn(address: Address): boolean {
  return address.kind === 'topic' && address.name.startsWith('$SYS.');
}

/** The topic that stands for an address: `$queue/name` for a queue. */
export function topicOfAddress(address: Address): string {
  return address.kind === 'queue' ? QUEUE_PREFIX + address.name : swapSeparators(address.name);
}

const NOT_EXPRESSIBLE = Buffer.alloc(0);

/**
 * The topic name of an address as bytes, cached on it. Empty when MQTT has no name for it: other
 * protocols may use `*` and `>` inside a level, which would be wildcards here [MQTT-3.3.2-2].
 */
export function topicBytes(address: Address): Buffer {
  const known = address.encodedNames[FORMAT_IDS.mqtt];
  if (known !== undefined) return known;
  const topic = topicOfAddress(address);
  const bytes = Buffer.from(topic);
  const usable = isTopicName(topic) && bytes.length <= 0xffff;
  const encoded = usable ? bytes : NOT_EXPRESSIBLE;
  address.encodedNames[FORMAT_IDS.mqtt] = encoded;
  return encoded;
}

/** What a topic filter of SUBSCRIBE or UNSUBSCRIBE stands for. */
export type ParsedFilter =
  | { readonly kind: 'topic'; readonly filter: string }
  | { readonly kind: 'shared'; readonly group: string; readonly filter: string }
  | { readonly kind: 'queue'; readonly address: Address };

/**
 * Reads a topic filter; `filter` of the result is in the broker's form.
 * @throws BrokerError `invalid-address`
 */
export function parseFilter(filter: string, addresses: AddressBook, limits: Limits): ParsedFilter {
  if (!isTopicFilter(filter)) {
    throw new BrokerError('invalid-address', 'this is not a topic filter');
  }
  if (filter.startsWith(QUEUE_PREFIX)) {
    if (!isTopicName(filter)) {
      throw new BrokerError('invalid-address', 'a queue is subscribed to by its own name');
    }
    return { kind: 'queue', address: queueAddress(filter, addresses, limits) };
  }
  if (filter.startsWith(SHARE_PREFIX)) return parseShared(filter, limits);
  return { kind: 'topic', filter: toFilter(filter, limits) };
}

/** `$share/GROUP/FILTER`: the group is one level without wildcards [MQTT-4.8.2-1, -2]. */
function parseShared(text: string, limits: Limits): ParsedFilter {
  const slash = text.indexOf('/', SHARE_PREFIX.length);
  const group = text.slice(SHARE_PREFIX.length, slash);
  if (slash < 0 || !isTopicName(group)) {
    throw new BrokerError('invalid-address', 'a shared subscription is $share/GROUP/FILTER');
  }
  const filter = text.slice(slash + 1);
  if (filter.startsWith(QUEUE_PREFIX) || !isTopicFilter(filter)) {
    throw new BrokerError('invalid-address', 'this is not the filter of a shared subscription');
  }
  return { kind: 'shared', group, filter: toFilter(filter, limits) };
}

function toFilter(filter: string, limits: Limits): string {
  const swapped = swapSeparators(filter);
  checkFilter(swapped, limits);
  return swapped;
}

function queueAddress(topic: string, addresses: AddressBook, limits: Limits): Address {
  const name = topic.slice(QUEUE_PREFIX.length);
  checkName(name, limits);
  return addresses.queue(name);
}

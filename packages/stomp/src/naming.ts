import { type Address, type AddressKind, BrokerError, FORMAT_IDS } from '@causeway/core';
import { isPlain } from './codec/escape.js';
import { headerLine } from './codec/header-block.js';
import type { Version } from './codec/types.js';

/** A destination as a client names it. */
export interface DestinationName {
  readonly kind: AddressKind;
  readonly name: string;
  /** The name is the client's own, for a temporary destination, and not that of an address. */
  readonly temporary: boolean;
}

/** The `remote` forms are how one client names the temporary destination of another. */
const PREFIXES: readonly (readonly [prefix: string, kind: AddressKind, temporary: boolean])[] = [
  ['/queue/', 'queue', false],
  ['/topic/', 'topic', false],
  ['queue://', 'queue', false],
  ['topic://', 'topic', false],
  ['/temp-queue/', 'queue', true],
  ['/temp-topic/', 'topic', true],
  ['/remote-temp-queue/', 'queue', false],
  ['/remote-temp-topic/', 'topic', false],
];

/** Reads one destination; null when it has none of the prefixes. */
export function parseDestination(text: string): DestinationName | null {
  for (const [prefix, kind, temporary] of PREFIXES) {
    if (text.startsWith(prefix)) return { kind, temporary, name: text.slice(prefix.length) };
  }
  return null;
}

/**
 * Reads a destination that may list several, separated by commas; one without a prefix is of the
 * same kind as the one before it.
 * @throws BrokerError `invalid-address`
 */
export function parseDestinations(text: string): DestinationName[] {
  const destinations: DestinationName[] = [];
  for (const part of text.split(',')) {
    const previous = destinations.at(-1);
    const parsed =
      parseDestination(part) ?? (previous === undefined ? null : { ...previous, name: part });
    if (parsed === null) throw unknownDestination();
    destinations.push(parsed);
  }
  return destinations;
}

/** The complaint about a destination without a prefix. */
export function unknownDestination(): BrokerError {
  return new BrokerError(
    'invalid-address',
    'a destination begins with /queue/, /topic/, /temp-queue/ or /temp-topic/',
  );
}

/** How clients name an address. */
export function formatDestination(address: Address): string {
  return `/${address.kind}/${address.name}`;
}

/** How the broker names temporary queues, and this package temporary topics. */
export const TEMPORARY_PREFIX = 'temporary.';

/** Whether it is the destination of one connection, to which others may only send. */
export function isTemporaryAddress(address: Address): boolean {
  return address.name.startsWith(TEMPORARY_PREFIX);
}

/** How other clients name a temporary destination: in `reply-to`. */
export function formatRemote(address: Address): string {
  return `/remote-temp-${address.kind}/${address.name}`;
}

/** A `reply-to` as an address URI; null when it is not one of ours and stays a property. */
export function replyToUri(text: string): string | null {
  const parsed = parseDestination(text);
  if (parsed === null || parsed.temporary || parsed.name === '') return null;
  return `${parsed.kind}://${parsed.name}`;
}

/** The reverse: `queue://a` is `/queue/a`; anything else stays as it is. */
export function replyToDestination(uri: string): string {
  if (uri.startsWith('queue://')) return `/queue/${uri.slice(8)}`;
  return uri.startsWith('topic://') ? `/topic/${uri.slice(8)}` : uri;
}

/** The `destination` header line of messages to an address; cached on it. */
export function destinationLine(address: Address, version: Version): Buffer {
  const cached = address.encodedNames[FORMAT_IDS.stomp];
  if (cached !== undefined) return cached;
  const line = Buffer.from(headerLine('destination', formatDestination(address), version), 'utf8');
  if (isPlain(address.name)) address.encodedNames[FORMAT_IDS.stomp] = line;
  return line;
}

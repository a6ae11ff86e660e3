import {
  type Address,
  type AddressKind,
  type BrokerApi,
  BrokerError,
  checkName,
} from '@causeway/core';

/** An address as a client writes it. */
export interface AddressName {
  readonly kind: AddressKind;
  readonly name: string;
}

export const QUEUE_PREFIX = 'queue://';
export const TOPIC_PREFIX = 'topic://';

/** ActiveMQ's prefixes, which Qpid JMS takes from open's properties. */
const PREFIXES: readonly (readonly [prefix: string, kind: AddressKind])[] = [
  [QUEUE_PREFIX, 'queue'],
  [TOPIC_PREFIX, 'topic'],
  ['temp-queue://', 'queue'],
  ['temp-topic://', 'topic'],
];
/** Capabilities of a terminus that say what kind of node it is. */
const KINDS: ReadonlyMap<string, AddressKind> = new Map([
  ['queue', 'queue'],
  ['temporary-queue', 'queue'],
  ['topic', 'topic'],
  ['temporary-topic', 'topic'],
]);
/** What the broker tells of itself is told by nobody else. */
const BROKERS_OWN = '$SYS.';
/** How the broker names temporary destinations. */
export const TEMPORARY_PREFIX = 'temporary.';

/** Reads an address; one without a prefix is of the kind that the capabilities name, or a queue. */
export function parseAddress(text: string, capabilities: readonly string[] = []): AddressName {
  for (const [prefix, kind] of PREFIXES) {
    if (text.startsWith(prefix)) return { kind, name: text.slice(prefix.length) };
  }
  return { kind: kindOf(capabilities) ?? 'queue', name: text };
}

/** What kind of node the capabilities of a terminus ask for; null when they do not say. */
export function kindOf(capabilities: readonly string[]): AddressKind | null {
  for (const capability of capabilities) {
    const kind = KINDS.get(capability);
    if (kind !== undefined) return kind;
  }
  return null;
}

/** How clients name an address. */
export function formatAddress(address: Address): string {
  return isTemporaryAddress(address) ? `temp-${address.uri}` : address.uri;
}

/** Whether it is the destination of one connection, to which others may only send. */
export function isTemporaryAddress(address: Address): boolean {
  return address.name.startsWith(TEMPORARY_PREFIX);
}

/**
 * Finds what a client may send to.
 * @throws BrokerError `invalid-address`, `not-authorized`
 */
export function resolveSendAddress(broker: BrokerApi, parsed: AddressName): Address {
  checkName(parsed.name, broker.limits);
  const address = broker.addresses.get(parsed.kind, parsed.name);
  if (address.kind === 'topic' && address.name.startsWith(BROKERS_OWN)) {
    throw new BrokerError('not-authorized', 'topics below $SYS are for the broker itself');
  }
  return address;
}

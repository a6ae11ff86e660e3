import { BrokerError } from './errors.js';
import type { Limits } from './limits.js';

/** Where a message is sent: to one queue, or through a topic to the queues of its subscribers. */
export type AddressKind = 'queue' | 'topic';

/**
 * A destination. Names use dots between levels, as ActiveMQ writes them; a protocol with another
 * separator swaps characters in its `naming` file. Addresses are interned: one object per kind and
 * name, so that what a protocol or the router caches on it is found again without a lookup.
 */
export class Address {
  readonly kind: AddressKind;
  readonly name: string;
  /** `queue://name` or `topic://name`: how it is written in configuration, logs and reply-to. */
  readonly uri: string;
  /** The name in the bytes of each protocol, by format id; filled by the protocols. */
  readonly encodedNames: (Buffer | undefined)[] = [];
  /** The route last computed for it; owned by the router. */
  route: unknown = undefined;

  constructor(kind: AddressKind, name: string) {
    this.kind = kind;
    this.name = name;
    this.uri = `${kind}://${name}`;
  }
}

const INTERNED_MAX = 100_000;

/** Interns addresses; forgets them all when there are too many, since they are only a cache. */
export class AddressBook {
  readonly #queues = new Map<string, Address>();
  readonly #topics = new Map<string, Address>();

  get(kind: AddressKind, name: string): Address {
    const book = kind === 'queue' ? this.#queues : this.#topics;
    let address = book.get(name);
    if (address === undefined) {
      if (book.size >= INTERNED_MAX) book.clear();
      address = new Address(kind, name);
      book.set(name, address);
    }
    return address;
  }

  queue(name: string): Address {
    return this.get('queue', name);
  }

  topic(name: string): Address {
    return this.get('topic', name);
  }

  /** Parses `queue://name` or `topic://name`; a name without a scheme is a queue. */
  parse(uri: string): Address {
    if (uri.startsWith('topic://')) return this.topic(uri.slice(8));
    return this.queue(uri.startsWith('queue://') ? uri.slice(8) : uri);
  }
}

/**
 * Checks a name to which messages are sent: not empty, within the limits, without U+0000, and not
 * a wildcard as a level of its own (`*` or `>`).
 * @throws BrokerError `invalid-address`
 */
export function checkName(name: string, limits: Limits): void {
  checkShape(name, limits);
  if (hasWildcard(name)) {
    throw new BrokerError('invalid-address', 'a message cannot be sent to a wildcard');
  }
}

/**
 * Checks a filter: levels between dots, where `*` alone matches one level and `>` alone, at the
 * end, matches its parent and all levels below it.
 * @throws BrokerError `invalid-address`
 */
export function checkFilter(filter: string, limits: Limits): void {
  checkShape(filter, limits);
  const levels = filter.split('.');
  if (levels.indexOf('>') >= 0 && levels.indexOf('>') !== levels.length - 1) {
    throw new BrokerError('invalid-address', '">" must be the last level of a filter');
  }
}

/** Whether a level of the name is `*` or `>`. */
export function hasWildcard(name: string): boolean {
  if (!name.includes('*') && !name.includes('>')) return false;
  return name.split('.').some((level) => level === '*' || level === '>');
}

/** Whether `name` matches `filter`: for policies and permissions; routing uses the topic tree. */
export function matchesFilter(filter: string, name: string): boolean {
  if (filter === '>') return true;
  const wanted = filter.split('.');
  const levels = name.split('.');
  for (let index = 0; index < wanted.length; index++) {
    if (wanted[index] === '>') return true;
    if (index >= levels.length) return false;
    if (wanted[index] !== '*' && wanted[index] !== levels[index]) return false;
  }
  return levels.length === wanted.length;
}

function checkShape(name: string, limits: Limits): void {
  if (name.length === 0) throw new BrokerError('invalid-address', 'a name cannot be empty');
  if (Buffer.byteLength(name) > limits.nameBytesMax) {
    throw new BrokerError('invalid-address', `a name has at most ${limits.nameBytesMax} bytes`);
  }
  if (name.includes('\0')) throw new BrokerError('invalid-address', 'a name cannot hold U+0000');
  let levels = 1;
  for (let index = 0; index < name.length; index++) if (name.charCodeAt(index) === 46) levels++;
  if (levels > limits.nameLevelsMax) {
    throw new BrokerError('invalid-address', `a name has at most ${limits.nameLevelsMax} levels`);
  }
}

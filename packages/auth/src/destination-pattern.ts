import type { Address, AddressKind } from '@causeway/core';
import { matchesFilter } from '@causeway/core';

/** Which destinations a rule is about: `queue://orders.>`, `topic://sensors.*`. */
export class DestinationPattern {
  readonly kind: AddressKind;
  readonly filter: string;
  readonly #levels: readonly string[];

  /** @throws Error when it does not begin with `queue://` or `topic://` or `>` is not its end */
  constructor(text: string) {
    const match = /^(queue|topic):\/\/(.+)$/.exec(text);
    if (match === null) {
      throw new Error('a destination begins with queue:// or topic://, such as queue://orders.>');
    }
    this.kind = match[1] as AddressKind;
    this.filter = match[2]!;
    this.#levels = this.filter.split('.');
    if (this.#levels.slice(0, -1).includes('>')) {
      throw new Error('">" must be the last level of a destination');
    }
  }

  /** Whether an address without wildcards is meant. */
  matches(address: Address): boolean {
    return address.kind === this.kind && matchesFilter(this.filter, address.name);
  }

  /** Whether every destination that the wildcard address stands for is meant. */
  covers(address: Address): boolean {
    if (address.kind !== this.kind) return false;
    const levels = address.name.split('.');
    for (const [index, level] of this.#levels.entries()) {
      if (level === '>') return true;
      const asked = levels[index];
      if (asked === undefined || asked === '>') return false;
      if (level !== '*' && level !== asked) return false;
    }
    return levels.length === this.#levels.length;
  }

  /** Whether some destination that the wildcard address stands for is meant. */
  overlaps(address: Address): boolean {
    if (address.kind !== this.kind) return false;
    const levels = address.name.split('.');
    for (let index = 0; ; index++) {
      const level = this.#levels[index];
      const asked = levels[index];
      if (level === undefined && asked === undefined) return true;
      if (level === '>') return index > 0 || !isHidden(asked);
      if (asked === '>') return index > 0 || !isHidden(level);
      if (level === undefined || asked === undefined) return false;
      if (level === asked) continue;
      if (level !== '*' && asked !== '*') return false;
      if (index === 0 && (isHidden(level) || isHidden(asked))) return false;
    }
  }

  /** Sorts the more specific pattern first: a name before `*` before `>`, level by level. */
  static compare(left: DestinationPattern, right: DestinationPattern): number {
    const count = Math.max(left.#levels.length, right.#levels.length);
    for (let index = 0; index < count; index++) {
      const difference = rank(right.#levels[index]) - rank(left.#levels[index]);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

/** The end of a pattern counts most: `a` is one destination of those that `a.>` means. */
function rank(level: string | undefined): number {
  if (level === undefined) return 3;
  if (level === '>') return 0;
  return level === '*' ? 1 : 2;
}

/** A wildcard as the first level never stands for names such as `$SYS` [MQTT-4.7.2-1]. */
function isHidden(level: string | undefined): boolean {
  return level?.startsWith('$') === true;
}

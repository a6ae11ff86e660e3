import {
  type Action,
  type Address,
  type Authorizer,
  hasWildcard,
  type Principal,
} from '@causeway/core';
import { DestinationPattern } from './destination-pattern.js';

/** One line of the configuration's `authorization`: which groups may do what there. */
export interface AuthorizationRule {
  /** Such as `queue://orders.>` or `topic://sensors.*.temperature`. */
  readonly destination: string;
  /** Groups that may receive; `*` stands for everybody who has logged in. */
  readonly read?: readonly string[] | undefined;
  /** Groups that may send. */
  readonly write?: readonly string[] | undefined;
  /** Groups that may create and delete. */
  readonly admin?: readonly string[] | undefined;
}

/** How a connection without credentials is called; it is the only member of a group of that name. */
export const ANONYMOUS_NAME = 'anonymous';
const EVERYBODY = '*';

interface Rule {
  readonly pattern: DestinationPattern;
  readonly groups: Readonly<Record<Action, ReadonlySet<string>>>;
}

/**
 * ActiveMQ's authorization map: the most specific rule that matches a destination decides alone; a
 * destination without a rule is closed. Without any rule everything is open to whoever got in.
 *
 * To read a filter with wildcards one must be allowed to by the rule that covers it and by every
 * rule that decides over some destination below it: nobody receives through `topic://>` what a
 * narrower rule keeps from them.
 */
export class RuleAuthorizer implements Authorizer {
  /** The most specific first. */
  readonly #rules: readonly Rule[];

  constructor(rules: readonly AuthorizationRule[]) {
    this.#rules = rules
      .map((rule) => ({
        pattern: new DestinationPattern(rule.destination),
        groups: {
          read: new Set(rule.read ?? []),
          write: new Set(rule.write ?? []),
          admin: new Set(rule.admin ?? []),
        },
      }))
      .sort((left, right) => DestinationPattern.compare(left.pattern, right.pattern));
  }

  allows(principal: Principal, action: Action, address: Address): boolean {
    if (this.#rules.length === 0) return true;
    if (hasWildcard(address.name)) return this.#allowsFilter(principal, action, address);
    const rule = this.#rules.find(({ pattern }) => pattern.matches(address));
    return rule !== undefined && isMember(principal, rule.groups[action]);
  }

  #allowsFilter(principal: Principal, action: Action, address: Address): boolean {
    for (const { pattern, groups } of this.#rules) {
      if (!pattern.overlaps(address)) continue;
      if (!isMember(principal, groups[action])) return false;
      // Whatever comes later is less specific, and this rule decides over all that is asked for.
      if (pattern.covers(address)) return true;
    }
    return false;
  }
}

function isMember(principal: Principal, groups: ReadonlySet<string>): boolean {
  if (groups.has(EVERYBODY)) return true;
  if (principal.name === ANONYMOUS_NAME) return groups.has(ANONYMOUS_NAME);
  for (const group of principal.groups) if (groups.has(group)) return true;
  return false;
}

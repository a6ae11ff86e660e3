import type { Address } from './address.js';
import { BrokerError } from './errors.js';
import { firstLoss } from './explain.js';
import { previewOf } from './explain-value.js';
import type { Formats } from './format.js';
import type { Message } from './message.js';
import type { Policies } from './policy.js';

/** Keeps messages out of strict destinations that would lose a part in another protocol. */
export class StrictGate {
  readonly #policies: Policies;
  readonly #formats: Formats;
  readonly #known = new WeakMap<Address, boolean>();

  constructor(policies: Policies, formats: Formats) {
    this.#policies = policies;
    this.#formats = formats;
  }

  /** @throws BrokerError `conversion-lossy`, which names the part */
  check(message: Message): void {
    if (!this.#isStrict(message.address)) return;
    const loss = firstLoss(message, this.#formats);
    // Whether anybody ever needs the other forms is open: they would rest with the message.
    message.content = undefined;
    message.converted = undefined;
    if (loss === null) return;
    const { field, change, protocol, why } = loss;
    const verb = change === 'lost' ? 'lose' : 'change';
    throw new BrokerError('conversion-lossy', `${protocol} would ${verb} ${nameOf(field)}: ${why}`);
  }

  #isStrict(address: Address): boolean {
    let strict = this.#known.get(address);
    if (strict === undefined) {
      strict = this.#policies.for(address).strict;
      this.#known.set(address, strict);
    }
    return strict;
  }
}

/** The name of a property may be anything, and ends up in answers to clients. */
function nameOf(field: string): string {
  return previewOf(field).replace(/\p{Cc}/gu, '\ufffd');
}

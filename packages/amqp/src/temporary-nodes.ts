import type { Address, AddressKind, BrokerApi, Connection } from '@causeway/core';
import { BrokerError } from '@causeway/core';
import { TEMPORARY_PREFIX } from './naming.js';

/** Destinations that a client has made with dynamic termini, and may read as long as it stays. */
export class TemporaryNodes {
  readonly #broker: BrokerApi;
  readonly #connection: Connection;
  readonly #own = new Set<Address>();

  constructor(broker: BrokerApi, connection: Connection) {
    this.#broker = broker;
    this.#connection = connection;
  }

  /** @throws BrokerError `quota-exceeded` */
  create(kind: AddressKind): Address {
    if (this.#own.size >= this.#broker.limits.temporaryQueuesPerConnectionMax) {
      throw new BrokerError('quota-exceeded', 'too many temporary destinations');
    }
    const address =
      kind === 'queue'
        ? this.#connection.createTemporaryQueue().address
        : this.#broker.addresses.topic(TEMPORARY_PREFIX + this.#broker.random.hex(16));
    this.#own.add(address);
    return address;
  }

  owns(address: Address): boolean {
    return this.#own.has(address);
  }

  /** The lifetime of a node is over (part 3.5.10). */
  delete(address: Address): void {
    if (!this.#own.delete(address) || address.kind !== 'queue') return;
    this.#broker.deleteQueue(this.#broker.queue(address, false));
  }

  /** The queues themselves end with the connection. */
  clear(): void {
    this.#own.clear();
  }
}

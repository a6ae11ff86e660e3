import {
  type Address,
  type AddressKind,
  type BrokerApi,
  BrokerError,
  type Connection,
} from '@causeway/core';
import { type DestinationName, TEMPORARY_PREFIX } from './naming.js';

/**
 * What a client calls `/temp-queue/foo` or `/temp-topic/foo`: names of its own for destinations
 * that no other client can guess and that end with the connection.
 */
export class TemporaryDestinations {
  readonly #broker: BrokerApi;
  readonly #connection: Connection;
  readonly #addresses = new Map<string, Address>();
  readonly #own = new Set<Address>();

  constructor(broker: BrokerApi, connection: Connection) {
    this.#broker = broker;
    this.#connection = connection;
  }

  /**
   * The address behind a name of this client, made when the name is first used.
   * @throws BrokerError `quota-exceeded`
   */
  resolve(destination: DestinationName): Address {
    const key = `${destination.kind}/${destination.name}`;
    let address = this.#addresses.get(key);
    if (address === undefined) {
      if (this.#addresses.size >= this.#broker.limits.temporaryQueuesPerConnectionMax) {
        throw new BrokerError('quota-exceeded', 'too many temporary destinations');
      }
      address = this.#create(destination.kind);
      this.#addresses.set(key, address);
      this.#own.add(address);
    }
    return address;
  }

  /** Whether this client made the destination, which gives it every right to it. */
  owns(address: Address): boolean {
    return this.#own.has(address);
  }

  #create(kind: AddressKind): Address {
    if (kind === 'queue') return this.#connection.createTemporaryQueue().address;
    return this.#broker.addresses.topic(TEMPORARY_PREFIX + this.#broker.random.hex(16));
  }
}

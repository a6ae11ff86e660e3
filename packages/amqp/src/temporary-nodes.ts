import type { Address, AddressKind, BrokerApi, Connection } from '@causeway/core';
import { BrokerError } from '@causeway/core';
import { DynamicNode } from './dynamic-node.js';
import type { LifetimePolicy } from './lifetime-policy.js';
import { TEMPORARY_PREFIX } from './naming.js';

/** Dynamic nodes of all connections, by their addresses. */
export type DynamicNodes = Map<Address, DynamicNode>;

/**
 * Nodes that a client has made with dynamic termini, and may read as long as it stays. However long
 * their policies let them live, they end with its connection.
 */
export class TemporaryNodes {
  readonly #broker: BrokerApi;
  readonly #connection: Connection;
  readonly #nodes: DynamicNodes;
  readonly #own = new Map<Address, DynamicNode>();
  readonly #byCreator = new Map<string, DynamicNode>();

  constructor(broker: BrokerApi, connection: Connection, nodes: DynamicNodes) {
    this.#broker = broker;
    this.#connection = connection;
    this.#nodes = nodes;
  }

  /**
   * The node of a link that asks for one: if the same link has created one before, and exists since
   * then, it is that.
   * @param creator role and name of the link
   * @throws BrokerError `quota-exceeded`
   */
  create(kind: AddressKind, policy: LifetimePolicy, creator: string): DynamicNode {
    const broker = this.#broker;
    const former = this.#byCreator.get(creator);
    if (former?.hasCreator && former.address.kind === kind) return former;
    if (this.#own.size >= broker.limits.temporaryQueuesPerConnectionMax) {
      throw new BrokerError('quota-exceeded', 'too many temporary destinations');
    }
    const queue = kind === 'queue' ? this.#connection.createTemporaryQueue() : null;
    const address =
      queue?.address ?? broker.addresses.topic(TEMPORARY_PREFIX + broker.random.hex(16));
    const node = new DynamicNode({
      ...{ broker, address, queue, policy },
      ended: () => {
        this.#own.delete(address);
        this.#nodes.delete(address);
        if (this.#byCreator.get(creator) === node) this.#byCreator.delete(creator);
      },
    });
    this.#byCreator.set(creator, node);
    this.#own.set(address, node);
    this.#nodes.set(address, node);
    return node;
  }

  /** The node of that address, if the same link has created it, and it exists for that since then. */
  createdBy(creator: string, address: Address): DynamicNode | null {
    const node = this.#byCreator.get(creator);
    return node?.hasCreator && node.address === address ? node : null;
  }

  owns(address: Address): boolean {
    return this.#own.has(address);
  }

  /** Looks for nodes that end when they are empty; about once a second. */
  review(): void {
    for (const node of this.#own.values()) node.review();
  }

  /** The connection is over. */
  clear(): void {
    for (const node of this.#own.values()) node.delete();
  }
}

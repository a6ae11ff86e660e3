import { BrokerError } from '@causeway/core';
import type { NodeIdentity } from './hello.js';

/** A connection that stands for a node. */
export interface NodeConnection {
  readonly node: NodeIdentity;
  /** The name is its own. */
  admitted(): void;
  refuse(error: BrokerError): void;
  /** Sends it a frame. */
  tell(frame: Buffer, body?: Buffer | null): void;
  /** It is not the node's connection any more. */
  replaced(reason: string): void;
}

interface Claim {
  readonly rival: NodeConnection;
  readonly timer: NodeJS.Timeout;
}

/**
 * Which connection stands for which node. Another connection of the same instance takes the place
 * of the one before. Another instance gets the name only if the one before is not heard of in time:
 * two live nodes with one name are a mistake that the second one has to learn of.
 */
export class NodeRegistry {
  readonly #nodes = new Map<string, NodeConnection>();
  readonly #claims = new Map<string, Claim>();
  readonly #rivalMs: number;
  readonly #nodesMax: number;

  constructor(limits: { readonly rivalMs: number; readonly nodesMax: number }) {
    this.#rivalMs = limits.rivalMs;
    this.#nodesMax = limits.nodesMax;
  }

  get(name: string): NodeConnection | null {
    return this.#nodes.get(name) ?? null;
  }

  all(): NodeConnection[] {
    return [...this.#nodes.values()];
  }

  /** Admits or refuses a connection, now or once it is clear whether its name is taken. */
  enter(connection: NodeConnection): void {
    const { name, instance } = connection.node;
    const present = this.#nodes.get(name);
    if (present === undefined) {
      this.#admit(connection);
    } else if (present.node.instance === instance) {
      present.replaced('the node has connected again');
      this.#admit(connection);
    } else if (this.#claims.has(name)) {
      connection.refuse(taken(present));
    } else {
      const timer = setTimeout(() => this.#lapsed(name), this.#rivalMs);
      this.#claims.set(name, { rival: connection, timer });
    }
  }

  /** The connection has been heard of. */
  heard(connection: NodeConnection): void {
    if (this.#claims.size === 0) return;
    const { name } = connection.node;
    if (this.#nodes.get(name) !== connection) return;
    this.#takeClaim(name)?.refuse(taken(connection));
  }

  /** The connection is gone. */
  leave(connection: NodeConnection): void {
    const { name } = connection.node;
    if (this.#nodes.get(name) === connection) {
      this.#nodes.delete(name);
      const rival = this.#takeClaim(name);
      if (rival !== null) this.#admit(rival);
    } else if (this.#claims.get(name)?.rival === connection) {
      this.#takeClaim(name);
    }
  }

  close(): void {
    for (const name of [...this.#claims.keys()]) this.#takeClaim(name);
  }

  #lapsed(name: string): void {
    const rival = this.#takeClaim(name);
    const present = this.#nodes.get(name);
    if (rival === null) return;
    present?.replaced('it was silent while another one claimed its name');
    this.#admit(rival);
  }

  #admit(connection: NodeConnection): void {
    const { name } = connection.node;
    if (!this.#nodes.has(name) && this.#nodes.size >= this.#nodesMax) {
      connection.refuse(new BrokerError('quota-exceeded', 'too many nodes are connected'));
      return;
    }
    this.#nodes.set(name, connection);
    connection.admitted();
  }

  #takeClaim(name: string): NodeConnection | null {
    const claim = this.#claims.get(name);
    if (claim === undefined) return null;
    clearTimeout(claim.timer);
    this.#claims.delete(name);
    return claim.rival;
  }
}

function taken({ node }: NodeConnection): BrokerError {
  return new BrokerError(
    'config-invalid',
    `a node named ${node.name} is connected already, as instance ${node.instance}: ` +
      'stop it, or give this one another name',
  );
}

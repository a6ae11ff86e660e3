import type { Address } from './address.js';
import type { BrokerError } from './errors.js';
import type { Action, Principal } from './ports.js';
import type { Queue } from './queue.js';

/** What the broker asks of the engine behind a connection. */
export interface ConnectionSink {
  /** Ends the connection with the protocol's own words for the error. */
  closeWith(error: BrokerError): void;
}

export interface ConnectionInfo {
  /** Such as `mqtt` or `stomp`, with the version. */
  readonly protocol: string;
  readonly clientId: string;
  readonly principal: Principal;
  /** `address:port` of the peer, for logs. */
  readonly remote: string;
  readonly sink: ConnectionSink;
}

/** A client that has logged in. */
export interface Connection {
  /** Identifies the sender for subscriptions without local messages. */
  readonly id: number;
  readonly info: ConnectionInfo;
  /** Cached decision of the authorizer; a refusal is written to the audit log once. */
  may(action: Action, address: Address): boolean;
  /** Throws BrokerError `not-authorized` unless `may` agrees. */
  require(action: Action, address: Address): void;
  /** A queue that is deleted when the connection closes. Its name cannot be guessed. */
  createTemporaryQueue(): Queue;
  /** Releases what belongs to the connection: temporary destinations and its place in the counts. */
  close(): void;
}

import type { BrokerApi } from './broker-api.js';
import { BrokerError } from './errors.js';
import type { ByteSink } from './protocol.js';

/** This broker does not serve; perhaps another does. */
export class NotActiveError extends BrokerError {
  /** Where the client is served, as `host:port`; null if nobody knows. */
  readonly elsewhere: string | null;

  constructor(message: string, elsewhere: string | null) {
    super('not-active', message);
    this.elsewhere = elsewhere;
  }
}

/**
 * Turns a client away from a broker that does not serve, to the one that does if it is known.
 * @throws BrokerError `shutting-down`, `not-active`; a NotActiveError on a standby
 */
export function requireActive(
  broker: Pick<BrokerApi, 'role' | 'elsewhere'>,
  protocol: string,
  sink: Pick<ByteSink, 'secure' | 'webSocketProtocol'>,
): void {
  const { role } = broker;
  if (role === 'active') return;
  if (role === 'stopping') throw new BrokerError('shutting-down', 'the broker is shutting down');
  if (role === 'starting') throw new BrokerError('not-active', 'the broker is not active yet');
  const transport = sink.webSocketProtocol === null ? protocol : 'ws';
  const address = broker.elsewhere(sink.secure ? `${transport}s` : transport);
  const where = address === null ? 'another broker may serve' : `connect to ${address}`;
  throw new NotActiveError(`this broker is a standby: ${where}`, address);
}

import type { BrokerApi, BrokerError, ByteSink, Principal } from '@causeway/core';
import { failureOf } from './errors.js';
import type { Handshake } from './handshake.js';
import { openClient } from './open-client.js';

/** Lets in a client whose credentials are right, unless something else is wrong. */
export function admit(
  handshake: Handshake,
  principal: Principal,
  serverFinal: Buffer | null = null,
): void {
  try {
    openClient(handshake, principal, serverFinal);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === null) throw error;
    handshake.refuse(failure);
  }
}

/** Turns away a client whose credentials are wrong or missing. */
export function refuseLogin(handshake: Handshake, user: string, error: BrokerError): void {
  const { context, sink } = handshake.parts;
  reportRefusal(context.broker, sink, user, error);
  handshake.refuse(failureOf(error)!);
}

/** A refused login is a security decision: it is counted and goes to the audit log. */
export function reportRefusal(
  broker: BrokerApi,
  sink: ByteSink,
  user: string,
  error: BrokerError,
): void {
  broker.metrics.loginsRefused++;
  const remote = `${sink.remoteAddress}:${sink.remotePort}`;
  broker.log.audit('login-refused', { user, remote, protocol: 'mqtt', reason: error.message });
}

import { BrokerError, type Principal, requireActive } from '@causeway/core';
import { ByteReader } from '@causeway/wire';
import { admit, refuseLogin } from './admit.js';
import { decodeConnect, readVersion } from './codec/decode-connect.js';
import { REASON } from './codec/reason.js';
import type { Connect, Version } from './codec/types.js';
import { type Failure, failureOf, LEGACY_CONNACK } from './errors.js';
import { startExchange } from './handle-auth.js';
import type { Handshake } from './handshake.js';

/** Who a client is that gives no credentials, where those are not needed. */
const ANONYMOUS: Principal = { name: 'anonymous', groups: new Set() };

/** MQTT 5 3.1: who is it, and may it come in? */
export function handleConnect(
  handshake: Handshake,
  view: Buffer,
  start: number,
  end: number,
): void {
  const { broker } = handshake.parts.context;
  const reader = new ByteReader(view, start, end);
  const version = readVersion(reader);
  if (version === 'older' || version === 'newer') {
    refuseVersion(handshake, version);
    return;
  }
  handshake.version = version;
  const connect = decodeConnect(reader, version, broker.limits);
  handshake.connect = connect;
  const { role } = broker;
  if (role === 'standby') refuseAsStandby(handshake);
  else if (role !== 'active') {
    handshake.refuse(failureOf(new BrokerError('server-busy', `the broker is ${role}`))!);
  } else if (!isIdentifierAccepted(connect, version)) {
    handshake.refuse(failure(REASON.clientIdInvalid, LEGACY_CONNACK.identifierRejected));
  } else authenticate(handshake, connect);
}

/** MQTT 5 4.11: Use another server, with the Server Reference where it is known. */
function refuseAsStandby(handshake: Handshake): void {
  const { context, sink } = handshake.parts;
  try {
    requireActive(context.broker, 'mqtt', sink);
  } catch (error) {
    handshake.refuse(failureOf(error)!);
  }
}

/** [MQTT-3.1.2-2]: newer clients are told in the words of MQTT 5, others in those of MQTT 3.1.1. */
function refuseVersion(handshake: Handshake, version: 'older' | 'newer'): void {
  handshake.version = version === 'newer' ? 5 : 4;
  const message = 'this broker speaks MQTT 3.1, 3.1.1 and 5.0';
  handshake.refuse(failureOf(new BrokerError('unsupported-version', message))!);
}

/**
 * A client without an identifier is given one [MQTT-3.1.3-6], in MQTT 3.1.1 only if it wants
 * nothing kept [MQTT-3.1.3-8], in MQTT 3.1 never.
 */
function isIdentifierAccepted({ clientId, clean }: Connect, version: Version): boolean {
  return clientId.length > 0 || version === 5 || (version === 4 && clean);
}

function failure(reason: Failure['connack'], legacyConnack: number): Failure {
  const message = 'the client identifier is not accepted';
  return { disconnect: reason, connack: reason, legacyConnack, message };
}

function authenticate(handshake: Handshake, connect: Connect): void {
  const { context, sink } = handshake.parts;
  const method = connect.properties.authenticationMethod;
  if (method !== undefined) startExchange(handshake, connect, method);
  else if (connect.username !== null || connect.password !== null) {
    checkPassword(handshake, connect);
  } else if (sink.certificatePrincipal !== null) {
    admit(handshake, sink.certificatePrincipal, null);
  } else if (context.authenticator.anonymous) admit(handshake, ANONYMOUS, null);
  else refuseLogin(handshake, '', new BrokerError('not-authorized', 'credentials are needed'));
}

/** The password is checked off the event loop; until then, input waits. */
function checkPassword(handshake: Handshake, connect: Connect): void {
  const { context, sink } = handshake.parts;
  const { broker, authenticator } = context;
  const name = connect.username ?? '';
  handshake.phase = 'checking';
  sink.pauseReading();
  const password = connect.password ?? Buffer.alloc(0);
  const settle = (action: () => void): void => {
    password.fill(0);
    sink.resumeReading();
    // The client may be gone by now.
    if (handshake.phase === 'checking') action();
    broker.requestTurn();
  };
  authenticator.password(name, password, sink.remoteAddress).then(
    (principal) =>
      settle(() => {
        if (principal !== null) admit(handshake, principal, null);
        else
          refuseLogin(handshake, name, new BrokerError('not-authenticated', 'wrong credentials'));
      }),
    (error: unknown) =>
      settle(() => {
        const known = error instanceof BrokerError;
        if (!known) broker.log.error('login-failed', { reason: String(error) });
        refuseLogin(handshake, name, known ? error : new BrokerError('internal', 'login failed'));
      }),
  );
}

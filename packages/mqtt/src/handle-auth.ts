import { BrokerError, type ByteSink, SCRAM_MECHANISM, type ScramExchange } from '@causeway/core';
import { ByteReader } from '@causeway/wire';
import { admit, refuseLogin, reportRefusal } from './admit.js';
import type { MqttClient } from './client.js';
import { decodeReasonPacket } from './codec/decoder.js';
import { encodeReasonPacket } from './codec/encoder.js';
import { MqttError, protocolError } from './codec/mqtt-error.js';
import { REASON, type Reason } from './codec/reason.js';
import type { Connect, DecodeLimits, Properties } from './codec/types.js';
import type { Handshake } from './handshake.js';

const NO_DATA = Buffer.alloc(0);

/** MQTT 5 4.12: the method and the client's first message are in CONNECT. */
export function startExchange(handshake: Handshake, connect: Connect, method: string): void {
  const { context, sink } = handshake.parts;
  if (method !== SCRAM_MECHANISM) {
    const message = `the authentication method here is ${SCRAM_MECHANISM}`;
    const reason = REASON.badAuthenticationMethod;
    handshake.refuse({ disconnect: reason, connack: reason, legacyConnack: null, message });
    return;
  }
  const exchange = context.authenticator.startScram(sink.remoteAddress);
  handshake.exchange = exchange;
  handshake.phase = 'exchange';
  attempt(
    () => {
      const serverFirst = exchange.start(connect.properties.authenticationData ?? NO_DATA);
      sendAuth(sink, REASON.continueAuthentication, serverFirst, handshake.packetBytesMax);
    },
    (error) => refuseLogin(handshake, exchange.username, error),
  );
}

/** The AUTH of a client that has not got its CONNACK yet. */
export function continueExchange(
  handshake: Handshake,
  view: Buffer,
  start: number,
  end: number,
): void {
  const { broker } = handshake.parts.context;
  const { reason, data } = decodeAuth(view, start, end, broker.limits);
  // [MQTT-4.12.0-3]
  if (reason !== REASON.continueAuthentication) throw protocolError('AUTH does not continue');
  const exchange = handshake.exchange!;
  attempt(
    () => {
      const { principal, serverFinal } = exchange.finish(data);
      admit(handshake, principal, serverFinal);
    },
    (error) => refuseLogin(handshake, exchange.username, error),
  );
}

/** MQTT 5 4.12.1: a client that is in proves again who it is. Everything else goes on meanwhile. */
export function handleAuth(client: MqttClient, view: Buffer, start: number, end: number): void {
  const { broker, sink, parts } = client;
  const { reason, data } = decodeAuth(view, start, end, broker.limits);
  // A client that did not start with a method may not authenticate again [MQTT-4.12.1-1].
  if (parts.connect.properties.authenticationMethod !== SCRAM_MECHANISM) {
    throw protocolError('AUTH from a client without an authentication method');
  }
  let exchange = client.exchange;
  attempt(
    () => {
      if (reason === REASON.reAuthenticate && exchange === null) {
        exchange = parts.authenticator.startScram(sink.remoteAddress);
        client.exchange = exchange;
        const { packetBytesMax } = client.deliveries.parts;
        sendAuth(sink, REASON.continueAuthentication, exchange.start(data), packetBytesMax);
      } else if (reason === REASON.continueAuthentication && exchange !== null) {
        finishAgain(client, exchange, data);
      } else throw protocolError('AUTH out of its order');
    },
    (error) => {
      reportRefusal(broker, sink, exchange?.username ?? '', error);
      throw error;
    },
  );
}

/** The permissions of a connection are those of one user, from its beginning to its end. */
function finishAgain(client: MqttClient, exchange: ScramExchange, data: Buffer): void {
  client.exchange = null;
  const { principal, serverFinal } = exchange.finish(data);
  if (principal.name !== client.connection.info.principal.name) {
    throw new BrokerError('not-authenticated', 'another user than the one who connected');
  }
  sendAuth(client.sink, REASON.success, serverFinal, client.deliveries.parts.packetBytesMax);
}

interface Auth {
  readonly reason: number;
  readonly data: Buffer;
}

function decodeAuth(view: Buffer, start: number, end: number, limits: DecodeLimits): Auth {
  const reader = new ByteReader(view, start, end);
  const { reason, properties } = decodeReasonPacket(reader, 'AUTH', limits);
  // [MQTT-4.12.0-5]; one method is all that a client can have begun with here.
  if (properties.authenticationMethod !== SCRAM_MECHANISM) {
    throw protocolError('AUTH names another method than CONNECT');
  }
  return { reason, data: properties.authenticationData ?? NO_DATA };
}

function sendAuth(
  sink: ByteSink,
  reason: Reason,
  authenticationData: Buffer,
  packetBytesMax: number,
): void {
  const properties: Properties = { authenticationMethod: SCRAM_MECHANISM, authenticationData };
  const packet = encodeReasonPacket('auth', reason, properties);
  // Nothing of it can be left out [MQTT-3.1.2-24].
  if (packet.length > packetBytesMax) {
    throw new MqttError(REASON.packetTooLarge, 'the client takes no packet of this size');
  }
  sink.out.append(packet, 0, packet.length);
  sink.flush();
}

/** Runs `action`; what the broker refuses goes to `refused`, everything else to the caller. */
function attempt(action: () => void, refused: (error: BrokerError) => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    refused(error);
  }
}

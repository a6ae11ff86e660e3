import {
  BrokerError,
  FORMAT_IDS,
  Message,
  type Principal,
  SCRAM_MECHANISM,
  type Session,
} from '@causeway/core';
import { MqttClient } from './client.js';
import { encodeConnack } from './codec/encoder.js';
import { MqttError } from './codec/mqtt-error.js';
import { REASON } from './codec/reason.js';
import { isTopicName } from './codec/topic-syntax.js';
import type { Connect, ConnectWill, Properties, Version } from './codec/types.js';
import type { Handshake } from './handshake.js';
import { addressOfTopic, isBrokersOwn } from './naming.js';
import { reopenSubscriptions } from './queue-subscriptions.js';
import { resumeDeliveries } from './resume-deliveries.js';
import { expiryMsOf } from './session-expiry.js';
import { SessionState } from './session-state.js';
import { abandonGroups, groupsOf } from './shared-groups.js';
import { HAS_PROPERTIES } from './stored-form.js';
import { OWNER_RECORD } from './subscription.js';

const VERSION_NAMES = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const satisfies Record<Version, string>;
const KEEP_ALIVE_SECONDS_MAX = 65_535;
const RECEIVE_MAXIMUM_DEFAULT = 65_535;
/** Sessions live in a name space of their own. */
const SESSION_PREFIX = 'mqtt:';

/**
 * Lets a client in that has proven who it is: connection, will, session, CONNACK, and what an
 * earlier connection left unfinished.
 * @throws BrokerError, MqttError
 */
export function openClient(
  handshake: Handshake,
  principal: Principal,
  serverFinal: Buffer | null,
): void {
  const { context, sink, connectionSink } = handshake.parts;
  const { broker, authenticator } = context;
  const connect = handshake.connect!;
  const version = handshake.version!;
  const clientId = connect.clientId === '' ? `auto-${broker.random.hex(16)}` : connect.clientId;
  const connection = broker.openConnection({
    protocol: `mqtt ${VERSION_NAMES[version]}`,
    clientId,
    principal,
    remote: `${sink.remoteAddress}:${sink.remotePort}`,
    sink: connectionSink,
  });
  const keepAliveSeconds = keepAliveOf(connect, version, broker.limits.keepAliveSecondsMax);
  // Neither the password nor the will has to be kept for as long as the connection lasts.
  const { will, password: _, ...kept } = connect;
  const parts = { broker, authenticator, sink, version, clientId, keepAliveSeconds, connection };
  const client = new MqttClient({ ...parts, connect: kept });
  try {
    start(client, will, serverFinal);
  } catch (error) {
    if (client.attached) client.release(true);
    else connection.close();
    throw error;
  }
  handshake.succeed(client);
}

function start(client: MqttClient, will: ConnectWill | null, serverFinal: Buffer | null): void {
  const { broker, sink } = client;
  const willMessage = will === null ? null : createWill(client, will);
  const { session, present, known } = openSession(client);
  client.attach(session);
  if (will !== null && willMessage !== null) {
    willMessage.publisherId = session.id;
    const { willDelayMsMax } = broker.limits;
    const delayMs = Math.min(will.delaySeconds * 1000, willDelayMsMax);
    broker.setWill(session, { message: willMessage, delayMs, expiryMs: will.expirySeconds * 1000 });
  }
  sink.authenticated();
  client.send(encodeConnackOf(client, present, serverFinal));
  if (present) {
    reopenSubscriptions(client);
    resumeDeliveries(client.deliveries, known);
  }
  client.deliveries.consume(null);
}

interface OpenedSession {
  readonly session: Session;
  /** Whether the client finds a session of an earlier connection [MQTT-3.2.2-2, -3]. */
  readonly present: boolean;
  /** Whether its memory is still there: the broker was not restarted. */
  readonly known: boolean;
}

function openSession(client: MqttClient): OpenedSession {
  const { broker, connection, parts } = client;
  const { principal } = connection.info;
  const name = SESSION_PREFIX + parts.clientId;
  const former = broker.findSubscriptionQueue(name);
  const owner = former?.bindings.get(OWNER_RECORD)?.options.data.principal;
  // A client identifier is no secret: whoever names it must not get what waits for another user.
  const clean = parts.connect.clean || (owner !== undefined && owner !== principal.name);
  const groups = groupsOf(former);
  const expiryMs = requestedExpiryMs(client);
  const { session, present } = broker.openSession({ name, owner: client, clean, expiryMs });
  const known = present && SessionState.isKnown(session);
  SessionState.of(session).cancelCleanup?.();
  if (!present) begin(client, session, groups);
  return { session, present, known };
}

/** A new session, in the place of one with these groups. */
function begin(client: MqttClient, session: Session, formerGroups: readonly string[]): void {
  const { broker, connection } = client;
  abandonGroups(broker, formerGroups);
  if (!session.queue.durable) return;
  const data = { principal: connection.info.principal.name };
  broker.bind(session.queue, OWNER_RECORD, { noLocal: false, durable: false, data });
}

/** MQTT 3 knows sessions that end with the connection, and sessions that never end. */
function requestedExpiryMs({ version, parts, broker }: MqttClient): number {
  const { clean, properties } = parts.connect;
  if (version === 5) return expiryMsOf(properties.sessionExpirySeconds ?? 0, broker.limits);
  return clean ? 0 : broker.limits.sessionExpiryMsMax;
}

/** The will is checked as a publish, before anything is promised. */
function createWill(client: MqttClient, will: ConnectWill): Message {
  const { addresses, limits } = client.broker;
  const address = addressOfTopic(will.topic, addresses, limits);
  if (isBrokersOwn(address)) throw new BrokerError('not-authorized', 'the will is for $SYS');
  client.connection.require('write', address);
  if (will.invalidText) {
    throw new MqttError(REASON.payloadFormatInvalid, 'the will is not UTF-8 text');
  }
  const { bytes } = will;
  const durable = will.qos > 0;
  const message = new Message(address, FORMAT_IDS.mqtt, durable, bytes, 0, bytes.length, false);
  message.formatFlags = will.qos | (will.hasProperties ? HAS_PROPERTIES : 0);
  if (will.priority >= 0) message.priority = will.priority;
  message.retain = will.retain && address.kind === 'topic';
  message.emptyBody = will.emptyPayload;
  return message;
}

/** MQTT 5 clients are told when theirs is too long [MQTT-3.1.2-21]; others keep it. */
function keepAliveOf({ keepAliveSeconds }: Connect, version: Version, maximum: number): number {
  if (version < 5 || maximum >= KEEP_ALIVE_SECONDS_MAX) return keepAliveSeconds;
  return keepAliveSeconds === 0 ? maximum : Math.min(keepAliveSeconds, maximum);
}

function encodeConnackOf(client: MqttClient, present: boolean, serverFinal: Buffer | null): Buffer {
  const { version, deliveries } = client;
  const properties = version === 5 ? connackProperties(client, serverFinal) : {};
  // MQTT 3.1 has no session present flag.
  const sessionPresent = present && version > 3;
  const packet = encodeConnack(version, { sessionPresent, code: REASON.success, properties });
  if (packet.length > deliveries.parts.packetBytesMax) {
    throw new BrokerError('too-large', 'the client takes no packet of this size');
  }
  return packet;
}

/** MQTT 5 3.2.2.3: what differs from what the client asked for, or from the defaults. */
function connackProperties(client: MqttClient, serverFinal: Buffer | null): Properties {
  const { parts, session, broker } = client;
  const { limits } = broker;
  const { connect, clientId, keepAliveSeconds } = parts;
  const asked = connect.properties;
  const properties: Properties = {
    maximumPacketBytes: limits.frameBytesMax,
    topicAliasMaximum: limits.topicAliasMax,
  };
  const expirySeconds = Math.floor(session.expiryMs / 1000);
  if (
    expiryMsOf(asked.sessionExpirySeconds ?? 0, limits) !==
    (asked.sessionExpirySeconds ?? 0) * 1000
  ) {
    properties.sessionExpirySeconds = expirySeconds;
  }
  if (limits.receiveMaximum < RECEIVE_MAXIMUM_DEFAULT) {
    properties.receiveMaximum = limits.receiveMaximum;
  }
  if (connect.clientId === '') properties.assignedClientId = clientId;
  if (keepAliveSeconds !== connect.keepAliveSeconds) {
    properties.serverKeepAliveSeconds = keepAliveSeconds;
  }
  if (asked.requestResponseInformation === 1 && isTopicName(clientId)) {
    properties.responseInformation = `responses/${clientId}`;
  }
  if (serverFinal !== null) {
    properties.authenticationMethod = SCRAM_MECHANISM;
    properties.authenticationData = serverFinal;
  }
  return properties;
}

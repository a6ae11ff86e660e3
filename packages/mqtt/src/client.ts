import {
  type Authenticator,
  type BrokerApi,
  BrokerError,
  type ByteSink,
  type Confirmable,
  type Connection,
  type ScramExchange,
  type Session,
  type SessionOwner,
} from '@causeway/core';
import { Ring } from '@causeway/wire';
import { ACK, encodeAckWithText, encodeReasonPacket, writeAck } from './codec/encoder.js';
import { MqttError } from './codec/mqtt-error.js';
import { PublishProperties } from './codec/publish-properties.js';
import { FAILURE_MIN, REASON, reasonText } from './codec/reason.js';
import type { Connect, Version } from './codec/types.js';
import { CONFIRM, confirmToken } from './confirm-token.js';
import { Deliveries } from './deliveries.js';
import { type Failure, failureOf } from './errors.js';
import { FLIGHT } from './inflight.js';
import { cutOffDeliveries } from './resume-deliveries.js';
import { SessionState } from './session-state.js';
import { abandonGroups, groupsOf } from './shared-groups.js';
import type { QueueSubscription } from './subscription.js';
import { type PublishTarget, TopicCache } from './topic-cache.js';

/** The most that a remaining length can say, and its fixed header [MQTT 5 2.1.4]. */
const PACKET_BYTES_MAX = 268_435_455 + 5;
/** Half of all packet identifiers, so that those of earlier connections have room. */
const WINDOW_MAX = 32_767;

export interface ClientParts {
  readonly broker: BrokerApi;
  readonly authenticator: Authenticator;
  readonly sink: ByteSink;
  readonly version: Version;
  readonly clientId: string;
  /** What CONNECT asked for. */
  readonly connect: Omit<Connect, 'will' | 'password'>;
  readonly keepAliveSeconds: number;
  readonly connection: Connection;
}

/** A client that has logged in: what the verbs act on, and what the broker speaks to. */
export class MqttClient implements Confirmable, SessionOwner {
  readonly parts: ClientParts;
  readonly broker: BrokerApi;
  readonly sink: ByteSink;
  readonly version: Version;
  readonly connection: Connection;
  readonly topics = new TopicCache();
  /** Where the client's topic aliases lead, by alias. */
  readonly aliases: (PublishTarget | undefined)[] = [];
  readonly publishProperties = new PublishProperties();
  /** Subscriptions beside the session's own queue, by filter. */
  readonly subscriptions = new Map<string, QueueSubscription>();
  pendingConfirms = 0;
  ended = false;
  lastReceivedMs: number;
  /** QoS 1 and 2 publishes of the client that are not finished [MQTT-3.3.4-7]. */
  unfinished = 0;
  /** A re-authentication under way [MQTT 5 4.12.1]. */
  exchange: ScramExchange | null = null;
  readonly #replies = new Ring<Buffer>();
  /** Why publishes were refused that are not acknowledged yet, by packet identifier. */
  readonly #refusals = new Map<number, string>();
  #session: Session | null = null;
  #deliveries: Deliveries | null = null;

  constructor(parts: ClientParts) {
    this.parts = parts;
    this.broker = parts.broker;
    this.sink = parts.sink;
    this.version = parts.version;
    this.connection = parts.connection;
    this.lastReceivedMs = parts.broker.clock.monotonicMs();
  }

  /** Whether it has its session. */
  get attached(): boolean {
    return this.#session !== null;
  }

  get session(): Session {
    return this.#session!;
  }

  get deliveries(): Deliveries {
    return this.#deliveries!;
  }

  /** Gives the client its session, before anything else is done with it. */
  attach(session: Session): void {
    const { limits } = this.broker;
    const { properties } = this.parts.connect;
    this.#session = session;
    this.#deliveries = new Deliveries({
      broker: this.broker,
      sink: this.sink,
      session,
      version: this.version,
      who: this,
      windowSize: Math.min(
        properties.receiveMaximum ?? 65_535,
        limits.deliveriesInFlightMax,
        WINDOW_MAX,
      ),
      packetBytesMax: Math.min(properties.maximumPacketBytes ?? PACKET_BYTES_MAX, PACKET_BYTES_MAX),
      topicAliasMax: Math.min(properties.topicAliasMaximum ?? 0, limits.topicAliasMax),
      consumerLost: (subscription, error) => this.#consumerLost(subscription, error),
    });
  }

  /** Counts a QoS 1 or 2 publish of the client against what it was allowed [MQTT-3.3.4-9]. */
  begin(): void {
    this.unfinished++;
    if (this.version === 5 && this.unfinished > this.broker.limits.receiveMaximum) {
      throw new MqttError(REASON.receiveMaximumExceeded, 'too many publishes are unconfirmed');
    }
  }

  /** Keeps why a publish was refused, for its acknowledgement. */
  refuse(packetId: number, text: string): void {
    if (this.wantsProblemInformation) this.#refusals.set(packetId, text);
  }

  /** Acknowledges once everything so far is durable, in the order of the calls [MQTT-4.6.0-2]. */
  acknowledgeLater(kind: number, packetId: number, reason: number): void {
    this.broker.confirm(this, confirmToken(kind, packetId, reason));
  }

  /** Sends an encoded packet, all of which is needed, once everything so far is durable. */
  reply(packet: Buffer): void {
    // [MQTT-3.1.2-24]
    if (packet.length > this.deliveries.parts.packetBytesMax) {
      throw new MqttError(REASON.packetTooLarge, 'the client takes no answer of this size');
    }
    this.#replies.push(packet);
    this.broker.confirm(this, confirmToken(CONFIRM.reply, 0, 0));
  }

  confirmed(token: number): void {
    if (this.ended) return;
    const packetId = token & 0xffff;
    const detail = (token >>> 16) & 0xff;
    switch (token >>> 24) {
      case CONFIRM.puback:
        this.#finish();
        this.acknowledge(ACK.puback, packetId, detail);
        break;
      case CONFIRM.pubrec:
        if (detail >= FAILURE_MIN) this.#finish();
        this.acknowledge(ACK.pubrec, packetId, detail);
        break;
      case CONFIRM.pubcomp:
        if (detail < FAILURE_MIN) this.#finish();
        this.acknowledge(ACK.pubcomp, packetId, detail);
        break;
      case CONFIRM.pubrel:
        this.#released(packetId);
        break;
      case CONFIRM.publish:
        this.deliveries.publishReserved(packetId);
        break;
      default:
        this.send(this.#replies.shift()!);
        this.deliveries.window.held = this.#replies.length > 0;
    }
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP, with a text for people when it reports a failure. */
  acknowledge(first: number, packetId: number, reason: number): void {
    const { out } = this.sink;
    if (reason >= FAILURE_MIN && this.version === 5 && this.wantsProblemInformation) {
      const text = this.#refusals.get(packetId) ?? reasonText(reason);
      this.#refusals.delete(packetId);
      const packet = encodeAckWithText(first, packetId, reason, text);
      if (packet.length <= this.deliveries.parts.packetBytesMax) {
        this.send(packet);
        return;
      }
    }
    writeAck(out, first, packetId, this.version === 5 ? reason : 0);
    this.sink.flush();
  }

  /** Whether reason strings may be sent where they are optional [MQTT-3.1.2-29]. */
  get wantsProblemInformation(): boolean {
    return this.parts.connect.properties.requestProblemInformation !== 0;
  }

  send(packet: Buffer): void {
    this.sink.out.append(packet, 0, packet.length);
    this.sink.flush();
  }

  sessionTaken(): void {
    this.fail(failureOf(new BrokerError('displaced', 'another client connected with this id'))!);
  }

  /** Ends the connection, with a DISCONNECT that says why where there is one [MQTT-4.13.1-1]. */
  fail(failure: Failure): void {
    if (this.ended) return;
    if (this.version === 5) this.#sendDisconnect(failure);
    this.release(false);
    this.sink.flush();
    this.sink.end();
  }

  /** Lets go of everything that the connection holds. */
  release(discardWill: boolean): void {
    if (this.ended) return;
    this.ended = true;
    const { session, broker } = this;
    const groups = groupsOf(session.queue);
    cutOffDeliveries(this.deliveries);
    broker.closeSession(session, this, { discardWill });
    if (groups.length > 0) this.#clearUp(groups);
    this.connection.close();
  }

  #finish(): void {
    if (this.unfinished > 0) this.unfinished--;
  }

  /** The PUBREC is durable: the client may forget the message. */
  #released(packetId: number): void {
    const { inflight } = this.deliveries;
    const state = inflight.state(packetId);
    if (state === FLIGHT.releasing) inflight.set(packetId, FLIGHT.released);
    else if (state === FLIGHT.releasingAgain) inflight.set(packetId, FLIGHT.releasedAgain);
    else return;
    this.deliveries.sendPubrel(packetId);
  }

  #sendDisconnect(failure: Failure): void {
    const { packetBytesMax } = this.deliveries.parts;
    const reasonString = failure.message;
    const packet = encodeReasonPacket('disconnect', failure.disconnect, { reasonString });
    if (packet.length <= packetBytesMax) this.send(packet);
    else this.send(encodeReasonPacket('disconnect', failure.disconnect, {}));
  }

  #consumerLost(subscription: QueueSubscription | null, error: BrokerError): void {
    if (this.ended) return;
    const ending = new BrokerError('administrative', error.message);
    if (subscription === null) this.fail(failureOf(ending)!);
    else this.subscriptions.delete(subscription.filter);
  }

  /** The groups of a session go with it, now or when it expires. */
  #clearUp(groups: readonly string[]): void {
    const { broker, session } = this;
    const abandon = () => abandonGroups(broker, groups);
    if (broker.findSubscriptionQueue(session.name) === null) abandon();
    else if (Number.isFinite(session.expiryMs)) {
      SessionState.of(session).cancelCleanup = broker.schedule(session.expiryMs + 1, abandon);
    }
  }
}

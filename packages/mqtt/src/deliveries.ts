import {
  type BrokerApi,
  BrokerError,
  type ByteSink,
  type Confirmable,
  type Consumer,
  type ConsumerSink,
  FORMAT_IDS,
  type Message,
  type QueueEntry,
  type Session,
  type Target,
} from '@causeway/core';
import { encodeAnnotations } from './annotations.js';
import { OutgoingPublish } from './codec/encode-publish.js';
import { ACK, writeAck } from './codec/encoder.js';
import type { Version } from './codec/types.js';
import { CONFIRM, confirmToken } from './confirm-token.js';
import { DeliveryWindow } from './delivery-window.js';
import { FLIGHT, type Inflight } from './inflight.js';
import { topicBytes } from './naming.js';
import { encodeInFlight, outboundSlot } from './session-slots.js';
import { SessionState } from './session-state.js';
import { HAS_PROPERTIES, QOS_MASK } from './stored-form.js';
import {
  type DeliveryPlan,
  planOfBindings,
  type QueueSubscription,
  UNBOUND_PLAN,
} from './subscription.js';

export interface DeliveryParts {
  readonly broker: BrokerApi;
  readonly sink: ByteSink;
  readonly session: Session;
  readonly version: Version;
  readonly who: Confirmable;
  /** QoS 1 and 2 deliveries that may be unacknowledged. */
  readonly windowSize: number;
  /** Largest packet that the client takes. */
  readonly packetBytesMax: number;
  /** Topic aliases that the client takes. */
  readonly topicAliasMax: number;
  /** A queue that the client consumes went away; null for the session's own. */
  readonly consumerLost: (subscription: QueueSubscription | null, error: BrokerError) => void;
}

const REJECTED = { reason: 'rejected by its consumer' };

/** Everything that goes from the broker to one client. */
export class Deliveries implements ConsumerSink {
  readonly parts: DeliveryParts;
  readonly window: DeliveryWindow;
  readonly inflight: Inflight;
  readonly #publish = new OutgoingPublish();
  readonly #aliases = new Map<Buffer, number>();
  /** Deliveries that wait until something is durable. */
  #reserved = 0;

  constructor(parts: DeliveryParts) {
    this.parts = parts;
    this.window = new DeliveryWindow(parts.windowSize);
    this.inflight = SessionState.of(parts.session).inflight;
    this.#publish.version = parts.version;
  }

  /** Starts to receive; a null subscription stands for the session's own queue. */
  consume(subscription: QueueSubscription | null): Consumer {
    const { broker, session } = this.parts;
    const queue = subscription?.queue ?? session.queue;
    // The window bounds what is in flight, over all consumers at once.
    const credit = Number.MAX_SAFE_INTEGER;
    const consumer = broker.consume(queue, { sink: this, credit, context: subscription });
    this.window.add(consumer);
    return consumer;
  }

  settlesOnSend(consumer: Consumer, message: Message, target: Target | null): boolean {
    return effectiveQos(message, planFor(consumer, target)) === 0;
  }

  deliver(
    consumer: Consumer,
    message: Message,
    target: Target | null,
    entry: QueueEntry | null,
  ): void {
    const plan = planFor(consumer, target);
    if (entry === null) {
      if (this.#prepare(consumer, message, target, plan, 0)) this.#send();
      else this.parts.broker.metrics.messagesDropped++;
      return;
    }
    const own = consumer.context === null;
    const claimed = own ? this.inflight.claim(entry, message) : 0;
    const qos = claimed > 0 ? claimedQos(this.inflight, claimed) : effectiveQos(message, plan);
    if (!this.#prepare(consumer, message, target, plan, qos)) {
      this.#discard(entry, claimed);
      return;
    }
    if (claimed > 0) this.#again(entry, claimed, qos);
    else this.#first(entry, own, qos);
  }

  consumerClosed(consumer: Consumer, error: BrokerError): void {
    this.window.remove(consumer);
    this.parts.consumerLost(consumer.context as QueueSubscription | null, error);
  }

  /** The socket takes bytes again. */
  writable(): void {
    this.window.congested = false;
  }

  sendPubrel(id: number): void {
    const { sink } = this.parts;
    writeAck(sink.out, ACK.pubrel, id, 0);
    sink.flush();
  }

  /** What a delivery waited for is durable: the PUBLISH may leave. */
  publishReserved(id: number): void {
    const { inflight } = this;
    const state = inflight.state(id);
    const entry = inflight.entry(id);
    this.#reserved--;
    if ((state !== FLIGHT.reserved1 && state !== FLIGHT.reserved2) || entry === null) return;
    const { consumer, message, target } = entry;
    const qos = state === FLIGHT.reserved1 ? 1 : 2;
    if (
      consumer === null ||
      !this.#prepare(consumer, message, target, planFor(consumer, target), qos)
    ) {
      // Its queue was emptied meanwhile.
      this.forget(id);
      return;
    }
    inflight.set(id, qos === 1 ? FLIGHT.published1 : FLIGHT.published2);
    this.#publish.packetId = id;
    this.#publish.duplicate = qos === 1 && consumer.context === null && entry.redelivered;
    this.#send();
  }

  /** Ends the exchange of an identifier, and takes it out of the window if it was counted. */
  forget(id: number): void {
    const { broker, session } = this.parts;
    const { inflight } = this;
    const state = inflight.state(id);
    inflight.free(id);
    if (state !== FLIGHT.published1) broker.putSlot(session, outboundSlot(id), null);
    if (state <= FLIGHT.released) this.window.leave();
    this.window.blocked = false;
  }

  /** Settles what the client acknowledged; `failed` with a reason code of failure. */
  settle(entry: QueueEntry, failed: boolean): void {
    const { broker } = this.parts;
    const subscription = (entry.consumer?.context ?? null) as QueueSubscription | null;
    // Only a queue has a use for what its consumer refuses: the dead letters.
    const { consumer } = entry;
    if (failed && subscription?.kind === 'queue') broker.settle(entry, 'rejected', REJECTED);
    else broker.settle(entry, 'accepted');
    if (subscription?.ending && consumer !== null && consumer.unsettled === 0) {
      this.window.remove(consumer);
      broker.closeConsumer(consumer);
    }
  }

  /** Fills in the packet; false when the client cannot be sent this message. */
  #prepare(
    consumer: Consumer,
    message: Message,
    target: Target | null,
    plan: DeliveryPlan,
    qos: number,
  ): boolean {
    const { broker, version, packetBytesMax } = this.parts;
    const publish = this.#publish;
    const subscription = consumer.context as QueueSubscription | null;
    publish.topic = subscription?.topic ?? topicBytes(message.address);
    if (publish.topic.length === 0 || !this.#source(message)) return false;
    publish.qos = qos;
    publish.duplicate = false;
    publish.retain = retainFlag(message, target, plan);
    publish.topicKnown = false;
    publish.topicAlias = 0;
    if (version === 5) {
      const { annotations, expiresAt } = message;
      publish.extra =
        annotations === null ? plan.identifiers : encodeAnnotations(annotations, plan.identifiers);
      publish.expirySeconds = expiresAt === 0 ? -1 : secondsUntil(expiresAt, broker.clock.wallMs());
    }
    return publish.measure() <= packetBytesMax;
  }

  #source(message: Message): boolean {
    const publish = this.#publish;
    if (message.format === FORMAT_IDS.mqtt) {
      const hasProperties = (message.formatFlags & HAS_PROPERTIES) !== 0;
      publish.source(message.bytes, message.start, message.end, hasProperties, message.borrowed);
      return true;
    }
    try {
      const bytes = this.parts.broker.formats.convert(message, FORMAT_IDS.mqtt);
      publish.source(bytes, 0, bytes.length, true, false);
      return true;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      const { id, format } = message;
      const reason = error.message;
      this.parts.broker.log.error('message-not-convertible', { id, format, reason });
      return false;
    }
  }

  /** A message that the client cannot be sent counts as delivered [MQTT-3.1.2-25]. */
  #discard(entry: QueueEntry, claimed: number): void {
    const { broker } = this.parts;
    broker.metrics.messagesDropped++;
    if (claimed > 0) this.forget(claimed);
    this.settle(entry, false);
  }

  #first(entry: QueueEntry, own: boolean, qos: number): void {
    const { inflight, window } = this;
    if (inflight.full) {
      window.blocked = true;
      this.parts.broker.settle(entry, 'released');
      return;
    }
    if (qos === 2 || this.#reserved > 0) {
      this.#reserve(entry, own, qos);
      return;
    }
    const id = inflight.take(entry, FLIGHT.published1);
    if (own) entry.tag = id;
    window.enter();
    this.#publish.packetId = id;
    // After a restart of the broker the identifier is another one, but it may be a second delivery.
    this.#publish.duplicate = own && entry.redelivered;
    this.#send();
  }

  /** Delivers under the identifier of an earlier connection [MQTT-4.4.0-1]. */
  #again(entry: QueueEntry, id: number, qos: number): void {
    this.inflight.restore(id, entry, qos === 1 ? FLIGHT.published1 : FLIGHT.published2);
    this.window.enter();
    this.#publish.packetId = id;
    this.#publish.duplicate = true;
    this.#send();
  }

  /**
   * At QoS 2 the identifier must be stored first, or the client would get the message twice over a
   * restart. What comes next at QoS 1 waits too: messages are sent, and sent again, in one order.
   */
  #reserve(entry: QueueEntry, own: boolean, qos: number): void {
    const { broker, session, who } = this.parts;
    const id = this.inflight.take(entry, qos === 1 ? FLIGHT.reserved1 : FLIGHT.reserved2);
    if (own) entry.tag = id;
    this.window.enter();
    this.#reserved++;
    if (qos === 2 && session.queue.durable && entry.sequence > 0) {
      broker.putSlot(session, outboundSlot(id), encodeInFlight(entry));
    }
    broker.confirm(who, confirmToken(CONFIRM.publish, id, 0));
  }

  #send(): void {
    const { sink, topicAliasMax } = this.parts;
    if (topicAliasMax > 0) this.#useAlias(topicAliasMax);
    this.#publish.write(sink.out);
    sink.flush();
    if (sink.congested) this.window.congested = true;
  }

  /** Aliases go to the first topics of a connection, as many as the client takes. */
  #useAlias(topicAliasMax: number): void {
    const publish = this.#publish;
    const { topic } = publish;
    const known = this.#aliases.get(topic);
    if (known === undefined) {
      if (this.#aliases.size >= topicAliasMax) return;
      this.#aliases.set(topic, this.#aliases.size + 1);
    }
    publish.topicAlias = known ?? this.#aliases.size;
    publish.topicKnown = known !== undefined;
    if (publish.measure() <= this.parts.packetBytesMax) return;
    // Only a new alias makes a packet longer.
    this.#aliases.delete(topic);
    publish.topicAlias = 0;
    publish.topicKnown = false;
    publish.measure();
  }
}

function planFor(consumer: Consumer, target: Target | null): DeliveryPlan {
  const subscription = consumer.context as QueueSubscription | null;
  if (subscription !== null) return subscription.plan;
  if (target === null) return UNBOUND_PLAN;
  const cached = target.cache as DeliveryPlan | undefined;
  if (cached !== undefined) return cached;
  const plan = planOfBindings(target.bindings);
  target.cache = plan;
  return plan;
}

/** The lower of what was published and what was granted [MQTT-3.8.4-8]. */
function effectiveQos(message: Message, plan: DeliveryPlan): number {
  const published =
    message.format === FORMAT_IDS.mqtt ? message.formatFlags & QOS_MASK : message.durable ? 1 : 0;
  return Math.min(published, plan.qos);
}

function claimedQos(inflight: Inflight, id: number): number {
  return inflight.state(id) === FLIGHT.returned1 ? 1 : 2;
}

/** Set on what a topic kept for a new subscription [MQTT-3.3.1-8], and as published on request. */
function retainFlag(message: Message, target: Target | null, plan: DeliveryPlan): boolean {
  if (target?.direct === true) return message.retain;
  return plan.retainAsPublished && message.retain;
}

/**
 * Received expiry minus time waited [MQTT-3.3.2-6]; never below a second for what still lives. Other
 * protocols set times that four bytes of seconds cannot express.
 */
function secondsUntil(expiresAt: number, nowMs: number): number {
  return Math.min(Math.max(1, Math.ceil((expiresAt - nowMs) / 1000)), 0xffff_ffff);
}

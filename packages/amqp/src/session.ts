import type { Confirmable, Consumer, Message, QueueEntry } from '@causeway/core';
import { Ring, SlidingMap } from '@causeway/wire';
import type { AmqpClient } from './client.js';
import { encodeFlow } from './codec/encode-flow.js';
import { encodeDetach, encodeEnd } from './codec/encode-performative.js';
import type { AmqpErrorInfo, Begin, DeliveryState } from './codec/types.js';
import { DispositionWriter } from './disposition-writer.js';
import { encodeEcho } from './encode-echo.js';
import { AmqpError, CONDITION, errorInfo } from './errors.js';
import { IncomingDeliveries } from './incoming-deliveries.js';
import { NumberPool } from './number-pool.js';
import { failuresOf } from './outgoing-message.js';
import { OutgoingTransfers } from './outgoing-transfers.js';
import type { ProvisionalDelivery } from './provisional-outcomes.js';
import type { IncomingDelivery, ReceivingLink } from './receiving-link.js';
import type { SendingLink } from './sending-link.js';
import { increment } from './serial.js';
import { type LinkEvent, SuspendedLink, tagOf } from './suspended-link.js';

export type Link = SendingLink | ReceivingLink;

/** The handle of an attach that was refused, until the client has answered the detach. */
interface RefusedLink {
  readonly role: 'refused';
  readonly detached: true;
}

const REFUSED: RefusedLink = { role: 'refused', detached: true };

/** A detach of the client that waits for what came on the link to be confirmed. */
interface PendingDetach {
  readonly link: ReceivingLink;
  readonly closed: boolean;
  answered: boolean;
}

/** A resumed delivery whose settlement waits for a commit. */
interface FinishedDelivery {
  readonly link: SendingLink;
  readonly tag: number;
  readonly outcome: Buffer;
}

/** What a confirm is about: the lower bits of its token, below a delivery or handle. */
const CONFIRM = { accept: 0, acceptFirst: 1, settle: 2, detach: 3, leave: 4, resume: 5 } as const;
const KINDS = 8;
const UINT32 = 0x1_0000_0000;

/**
 * - `open`: frames are handled.
 * - `leaving`: the client's end came; what is confirmed first is still said before ours.
 * - `discarding`: we end it for an error; everything up to the client's end is ignored.
 * - `ended`: nothing more is said.
 */
type SessionState = 'open' | 'leaving' | 'discarding' | 'ended';

/** One session (part 2.5): links, windows, and the deliveries of both directions. */
export class Session implements Confirmable {
  readonly client: AmqpClient;
  /** On which we send. */
  readonly channel: number;
  pendingConfirms = 0;
  /** By the handle that the client gave them. */
  readonly links: (Link | RefusedLink | undefined)[] = [];
  /** Handles that we gave. */
  readonly handles: NumberPool;
  readonly transfers: OutgoingTransfers;
  /** Deliveries to the client that nobody has settled, by number. */
  readonly unsettled = new SlidingMap<QueueEntry>();
  /** Deliveries whose outcome waits for a transaction to be discharged, by number. */
  readonly provisional = new Map<number, ProvisionalDelivery>();
  readonly incoming: IncomingDeliveries;
  readonly dispositions: DispositionWriter;
  state: SessionState = 'open';
  /** Its links have ended with it. */
  released = false;
  /** While they end: what was unsettled, by who holds it. */
  #byConsumer: Map<Consumer | null, QueueEntry[]> | null = null;
  #error: AmqpErrorInfo | null = null;
  /** The client's end came. */
  #endReceived = false;
  /** Ours was sent. */
  #endSent = false;
  /** On which the client sends. */
  readonly #remoteChannel: number;
  #nextIncomingId: number;
  #incomingWindow: number;
  readonly #detaching = new Ring<PendingDetach>();
  /** In the order of their confirms. */
  readonly #finishing = new Ring<FinishedDelivery>();
  /** What is repeated when a delivery is settled, unless it was accepted; by number. */
  readonly #outcomes = new Map<number, Buffer>();

  constructor(client: AmqpClient, remoteChannel: number, channel: number, begin: Begin) {
    this.client = client;
    this.channel = channel;
    this.#remoteChannel = remoteChannel;
    this.handles = new NumberPool(begin.handleMax);
    this.#nextIncomingId = begin.nextOutgoingId;
    this.#incomingWindow = client.broker.limits.sessionWindowFrames;
    this.transfers = new OutgoingTransfers(client, channel, begin.incomingWindow, this.unsettled);
    this.dispositions = new DispositionWriter(client, channel);
    this.incoming = new IncomingDeliveries(this);
    this.unsettled.startAt(0);
  }

  /** @throws AmqpError when nothing is attached there */
  link(handle: number): Link | RefusedLink {
    const link = this.links[handle];
    if (link !== undefined) return link;
    const message = `no link on handle ${handle}`;
    throw new AmqpError('session', CONDITION.unattachedHandle, message);
  }

  addLink(link: Link): void {
    this.#setLink(link.remoteHandle, link);
  }

  /** Keeps the client's handle of a link that was refused. */
  refuse(remoteHandle: number): void {
    this.#setLink(remoteHandle, REFUSED);
  }

  /** @throws AmqpError when the client takes no more handles (part 2.7.2, handle-max) */
  takeHandle(wanted: number): number {
    const handle = this.handles.take(wanted);
    if (handle !== null) return handle;
    throw new AmqpError('session', CONDITION.notAllowed, 'more links than your handle-max');
  }

  /** Counts a transfer frame against the window that the client was given (part 2.5.6). */
  received(): void {
    this.#nextIncomingId = increment(this.#nextIncomingId);
    this.#incomingWindow--;
    // Renewed as it is used: where it has just been, nobody can tell who has gone beyond it.
    const { sessionWindowFrames } = this.client.broker.limits;
    if (this.#incomingWindow <= sessionWindowFrames / 2) this.sendFlow(null);
  }

  /** Takes the session's part of a flow. */
  flow(nextIncomingId: number, incomingWindow: number, nextOutgoingId: number): void {
    this.#nextIncomingId = nextOutgoingId;
    this.transfers.open(nextIncomingId, incomingWindow);
    this.resume();
  }

  /** Tells the client where the session stands, and a link of it. */
  sendFlow(link: Link | null): void {
    const window = this.client.broker.limits.sessionWindowFrames;
    this.#incomingWindow = window;
    const frame = encodeFlow(this.channel, {
      nextIncomingId: this.#nextIncomingId,
      incomingWindow: window,
      nextOutgoingId: this.transfers.nextId,
      outgoingWindow: window,
      handle: link === null ? -1 : link.handle,
      deliveryCount: link?.deliveryCount ?? 0,
      linkCredit: link?.credit ?? 0,
      available: link?.role === 'sending' ? link.available : 0,
      drain: link?.role === 'sending' && link.drain,
    });
    this.client.write(frame);
  }

  /** Sends a message on a link; called by its consumer. */
  deliver(
    link: SendingLink,
    message: Message,
    entry: QueueEntry | null,
    redelivered: boolean,
  ): void {
    const failures = entry === null ? 0 : failuresOf(entry);
    this.transfers.send(link, entry, message, failures, redelivered);
    if (this.transfers.blocked) this.#pauseAll();
    else if (this.client.sink.congested) link.consumer.pause();
  }

  /** Delivers again, under the same tag, what the client of a resumed link has only in part. */
  resumeDelivery(link: SendingLink, entry: QueueEntry): void {
    this.transfers.resume(link, entry);
    link.hold(entry);
    if (this.transfers.blocked) this.#pauseAll();
  }

  /** Settles a delivery whose outcome came with the attach that resumed it. */
  finishResumed(link: SendingLink, tag: number, outcome: DeliveryState): void {
    this.#finishing.push({ link, tag, outcome: encodeEcho(outcome) });
    this.client.broker.confirm(this, CONFIRM.resume);
  }

  /** The socket or the window is open again. */
  resume(): void {
    this.transfers.proceed();
    if (this.transfers.blocked || this.client.sink.congested) return;
    for (const link of this.links) if (link?.role === 'sending') link.consumer.resume();
  }

  /** The number of a delivery to the client, from the id that the client knows. */
  numberOf(deliveryId: number): number {
    const { next } = this.unsettled;
    return next - ((next - deliveryId) >>> 0);
  }

  /** Accepts what came on a link, once it is durable. */
  acceptLater(link: ReceivingLink, delivery: IncomingDelivery): void {
    this.incoming.taken(link, delivery);
    const kind = delivery.settlesSecond ? CONFIRM.acceptFirst : CONFIRM.accept;
    this.client.broker.confirm(this, delivery.deliveryId * KINDS + kind);
  }

  /** Settles what the client has given an outcome without settling it, once that is durable. */
  settleLater(number: number, outcome: DeliveryState): void {
    if (outcome.kind !== 'accepted') this.#outcomes.set(number, encodeEcho(outcome));
    this.client.broker.confirm(this, number * KINDS + CONFIRM.settle);
  }

  confirmed(token: number): void {
    const subject = Math.floor(token / KINDS);
    switch (token % KINDS) {
      case CONFIRM.accept:
        this.incoming.accept(subject, false);
        break;
      case CONFIRM.acceptFirst:
        this.incoming.accept(subject, true);
        break;
      case CONFIRM.settle:
        this.#settle(subject);
        break;
      case CONFIRM.detach:
        this.#answerDetach(this.#detaching.shift()!);
        break;
      case CONFIRM.resume:
        this.#finish(this.#finishing.shift()!);
        break;
      default:
        this.#end();
    }
  }

  /** Answers the client's detach of a link once what came on it is confirmed. */
  detachLater(link: ReceivingLink, closed: boolean): void {
    this.#detaching.push({ link, closed, answered: false });
    this.client.broker.confirm(this, CONFIRM.detach);
  }

  /** The client attaches again what it has just detached: the answer cannot wait any longer. */
  detachNow(name: string): void {
    for (let index = 0; index < this.#detaching.length; index++) {
      const pending = this.#detaching.at(index)!;
      if (pending.link.name === name) this.#answerDetach(pending);
    }
  }

  /** Says that a link is detached: our handle is free. */
  writeDetach(handle: number, closed: boolean, error: AmqpErrorInfo | null): void {
    const { client, channel } = this;
    client.write(encodeDetach(channel, { handle, closed, error: client.fit(error) }));
    this.handles.give(handle);
  }

  /** Ends a link for a reason of ours (part 2.6.4); what it held goes back to its queue. */
  detach(link: Link, error: AmqpErrorInfo | null): void {
    if (link.detached || this.client.ended) return;
    this.release(link);
    this.writeDetach(link.handle, true, error);
  }

  /**
   * Takes a link out of service.
   * @param event what may be survived; null when the link is closed for good
   */
  release(link: Link | RefusedLink, event: LinkEvent | null = null): void {
    if (link.detached) return;
    const { registry, broker } = this.client;
    const suspended = this.#suspend(link);
    if (event !== null && suspended.holds) registry.suspend(this.client, suspended, event);
    else suspended.drop(broker);
    link.closed(event);
  }

  /**
   * Ends a link that its client attaches elsewhere (part 2.6.1).
   * @returns what it may be resumed with there
   */
  surrender(link: Link): SuspendedLink {
    const suspended = this.#suspend(link);
    suspended.collect();
    link.suspended = null;
    link.closed('link-detach');
    const reason = errorInfo(CONDITION.stolen, 'the link was attached again');
    this.writeDetach(link.handle, true, reason);
    return suspended;
  }

  /** Takes the deliveries of a link out, whose ids stand for nothing any more. */
  takeUnsettled({ consumer }: SendingLink): QueueEntry[] {
    if (this.#byConsumer !== null) return this.#byConsumer.get(consumer) ?? [];
    if (consumer.unsettled === 0) return [];
    return this.unsettled.takeWhere((entry) => entry.consumer === consumer);
  }

  /** The client ended the session, or answers that we did. */
  endReceived(): void {
    this.#endReceived = true;
    // Part 2.5.2: the client may begin another session on its channel.
    this.client.setSession(this.#remoteChannel, undefined);
    if (this.#endSent) this.state = 'ended';
    else this.#leave('leaving');
  }

  /** Ends the session because of an error of the client (part 2.5.4). */
  fail(error: AmqpErrorInfo): void {
    if (this.state !== 'open') return;
    this.#error = error;
    this.#leave('discarding');
    this.client.broker.requestTurn();
  }

  /** Whether its end, or that of its connection, has begun. */
  get over(): boolean {
    return this.state !== 'open';
  }

  /** Whether nothing more is said. */
  get mute(): boolean {
    return this.client.ended || this.state === 'ended';
  }

  /** The session or its connection is over. */
  releaseLinks(event: LinkEvent): void {
    // First those with transactions: what these held is the receivers' again.
    this.#releaseAll('receiving', event);
    this.released = true;
    this.#byConsumer = this.#sortUnsettled();
    this.#releaseAll('sending', event);
    this.client.registry.passed(this.client, event);
    this.client.termini.passed(event);
    this.#byConsumer = null;
  }

  #releaseAll(role: Link['role'], event: LinkEvent): void {
    for (const link of this.links) if (link?.role === role) this.release(link, event);
  }

  /** Takes all deliveries out, in one pass: there may be many links. */
  #sortUnsettled(): Map<Consumer | null, QueueEntry[]> {
    const sorted = new Map<Consumer | null, QueueEntry[]>();
    for (const entry of this.unsettled.values()) {
      const held = sorted.get(entry.consumer);
      if (held === undefined) sorted.set(entry.consumer, [entry]);
      else held.push(entry);
    }
    this.unsettled.clear();
    return sorted;
  }

  #settle(number: number): void {
    const outcome = this.#outcomes.get(number);
    if (this.mute) return;
    const deliveryId = number % UINT32;
    if (outcome === undefined) this.dispositions.accept(false, deliveryId);
    else {
      this.#outcomes.delete(number);
      this.dispositions.write(false, deliveryId, true, outcome);
    }
  }

  /** Takes a link out of service; its deliveries stay where they are. */
  #suspend(link: Link): SuspendedLink {
    const suspended = new SuspendedLink(link);
    link.detached = true;
    link.suspended = suspended;
    this.client.registry.remove(this.client, link);
    if (link.role === 'sending') this.#halt(link);
    else this.client.partialBytes -= link.partial?.length ?? 0;
    return suspended;
  }

  /** What has not begun to leave goes back; what the client of a resumed link has, stays its. */
  #halt(link: SendingLink): void {
    link.consumer.setCredit(0);
    for (const { entry, resumed } of this.transfers.withdraw(link)) {
      if (entry.consumer !== link.consumer) continue;
      if (resumed) link.unresumed.set(tagOf(entry.message.id), entry);
      else this.client.broker.settle(entry, 'released');
    }
  }

  #finish({ link, tag, outcome }: FinishedDelivery): void {
    if (!link.detached) this.transfers.finish(link, tag, outcome);
  }

  #answerDetach(pending: PendingDetach): void {
    if (pending.answered || this.mute) return;
    pending.answered = true;
    this.writeDetach(pending.link.handle, pending.closed, null);
  }

  #leave(state: 'leaving' | 'discarding'): void {
    if (this.state !== 'open') return;
    this.state = state;
    this.releaseLinks('session-end');
    this.client.broker.confirm(this, CONFIRM.leave);
  }

  #end(): void {
    if (this.client.ended) return;
    this.client.write(encodeEnd(this.channel, this.client.fit(this.#error)));
    this.client.channels.give(this.channel);
    this.#endSent = true;
    if (this.#endReceived) this.state = 'ended';
  }

  #setLink(handle: number, link: Link | RefusedLink): void {
    // Handles are bounded by handle-max; a gap costs a slot each.
    while (this.links.length < handle) this.links.push(undefined);
    this.links[handle] = link;
  }

  #pauseAll(): void {
    for (const link of this.links) if (link?.role === 'sending') link.consumer.pause();
  }
}

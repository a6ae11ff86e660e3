import type { Confirmable, Message, QueueEntry } from '@causeway/core';
import { Ring, SlidingMap } from '@causeway/wire';
import type { AmqpClient } from './client.js';
import { encodeFlow } from './codec/encode-flow.js';
import { encodeDetach, encodeEnd } from './codec/encode-performative.js';
import { ACCEPTED_BYTES, encodeState } from './codec/encode-state.js';
import type { AmqpErrorInfo, Begin, DeliveryState } from './codec/types.js';
import { DispositionWriter } from './disposition-writer.js';
import { AmqpError, CONDITION } from './errors.js';
import { NumberPool } from './number-pool.js';
import { OutgoingTransfers } from './outgoing-transfers.js';
import type { ReceivingLink } from './receiving-link.js';
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

/** A delivery from the client that it has yet to settle. */
interface AcceptedDelivery {
  readonly link: ReceivingLink;
  readonly tag: string;
  /** Whether it used credit of this link: one that was resumed did not. */
  readonly counted: boolean;
}

/** What a confirm is about: the lower bits of its token, below a delivery or handle. */
const CONFIRM = { accept: 0, settle: 1, detach: 2, leave: 3, resume: 4 } as const;
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
  /** Deliveries from the client that we have accepted and it has yet to settle, by id. */
  readonly accepted = new Map<number, AcceptedDelivery>();
  readonly dispositions: DispositionWriter;
  state: SessionState = 'open';
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
  /** Whom the accepts that wait for a commit are for, in their order. */
  readonly #accepting = new Ring<ReceivingLink>();
  /** Resumed deliveries whose settlement waits for a commit: links and message ids, by number. */
  readonly #resumed = new Map<number, { readonly link: SendingLink; readonly tag: number }>();
  /** What is repeated when a delivery is settled, unless it was accepted; by number. */
  readonly #outcomes = new Map<number, DeliveryState>();

  constructor(client: AmqpClient, remoteChannel: number, channel: number, begin: Begin) {
    this.client = client;
    this.channel = channel;
    this.#remoteChannel = remoteChannel;
    this.handles = new NumberPool(begin.handleMax);
    this.#nextIncomingId = begin.nextOutgoingId;
    this.#incomingWindow = client.broker.limits.sessionWindowFrames;
    this.transfers = new OutgoingTransfers(client, channel, begin.incomingWindow);
    this.dispositions = new DispositionWriter(client, channel);
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
    const { sessionWindowFrames } = this.client.broker.limits;
    if (--this.#incomingWindow < 0) {
      throw new AmqpError('session', CONDITION.windowViolation, 'the session window is exceeded');
    }
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
    const number = entry === null ? this.unsettled.skip() : this.unsettled.add(entry);
    const failures = entry === null ? 0 : Math.max(entry.deliveryCount, entry.interrupted ? 1 : 0);
    this.transfers.send(link, number, message, entry === null, failures, redelivered);
    if (this.transfers.blocked) this.#pauseAll();
    else if (this.client.sink.congested) link.consumer.pause();
  }

  /** Delivers again, under the same tag, what the client of a resumed link has only in part. */
  resumeDelivery(link: SendingLink, entry: QueueEntry): void {
    const number = this.unsettled.add(entry);
    this.transfers.resume(link, number, entry.message, Math.max(1, entry.deliveryCount));
  }

  /** Settles a delivery whose outcome came with the attach that resumed it. */
  finishResumed(link: SendingLink, tag: number): void {
    const number = this.unsettled.skip();
    this.#resumed.set(number, { link, tag });
    this.client.broker.confirm(this, number * KINDS + CONFIRM.resume);
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
  acceptLater(link: ReceivingLink, deliveryId: number, tag: string): void {
    if (link.settlesSecond) link.accepting.push(tag);
    this.#accepting.push(link);
    this.client.broker.confirm(this, deliveryId * KINDS + CONFIRM.accept);
  }

  /** A delivery that was accepted before its link was resumed: it is not taken a second time. */
  repeatAccepted(link: ReceivingLink, deliveryId: number, tag: string, settled: boolean): void {
    if (settled) return;
    this.accepted.set(deliveryId, { link, tag, counted: false });
    this.dispositions.write(true, deliveryId, false, ACCEPTED_BYTES);
  }

  /** The client has settled what we accepted. */
  settledSecond(deliveryId: number): void {
    const delivery = this.accepted.get(deliveryId);
    if (delivery === undefined) return;
    this.accepted.delete(deliveryId);
    if (delivery.counted) delivery.link.answered();
  }

  /** Settles what the client has given an outcome without settling it, once that is durable. */
  settleLater(number: number, outcome: DeliveryState): void {
    if (outcome.kind !== 'accepted') this.#outcomes.set(number, outcome);
    this.client.broker.confirm(this, number * KINDS + CONFIRM.settle);
  }

  confirmed(token: number): void {
    const subject = Math.floor(token / KINDS);
    switch (token % KINDS) {
      case CONFIRM.accept:
        this.#accept(this.#accepting.shift()!, subject);
        break;
      case CONFIRM.settle:
        this.#settle(subject);
        break;
      case CONFIRM.detach:
        this.#answerDetach(this.#detaching.shift()!);
        break;
      case CONFIRM.resume:
        this.#finishResumed(subject);
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
    link.detached = true;
    registry.remove(this.client, link);
    const suspended =
      link.role === 'sending' ? this.#suspendSending(link) : this.#suspendReceiving(link);
    if (event !== null && suspended.holds) registry.suspend(this.client, suspended, event);
    else suspended.drop(broker);
    link.closed();
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

  /** The session or its connection is over. */
  releaseLinks(event: LinkEvent): void {
    for (const link of this.links) if (link !== undefined) this.release(link, event);
    this.unsettled.clear();
    this.accepted.clear();
    this.client.registry.passed(this.client, event);
  }

  #accept(link: ReceivingLink, deliveryId: number): void {
    const tag = link.settlesSecond ? link.accepting.shift()! : '';
    if (link.suspended !== null) link.suspended.accepted.add(tag);
    if (this.client.ended || this.state === 'ended') return;
    if (link.settlesSecond) {
      // Its place is free when the client has settled it, too: else there could be any number.
      this.accepted.set(deliveryId, { link, tag, counted: true });
      this.dispositions.write(true, deliveryId, false, ACCEPTED_BYTES);
    } else {
      this.dispositions.accept(true, deliveryId);
      link.answered();
    }
  }

  #settle(number: number): void {
    const outcome = this.#outcomes.get(number);
    if (this.client.ended || this.state === 'ended') return;
    const deliveryId = number % UINT32;
    if (outcome === undefined) this.dispositions.accept(false, deliveryId);
    else {
      this.#outcomes.delete(number);
      this.dispositions.write(false, deliveryId, true, encodeState(outcome));
    }
  }

  #suspendSending(link: SendingLink): SuspendedLink {
    const held = new Map<string, QueueEntry>();
    for (const [number, entry] of [...this.unsettled.entries()]) {
      if (entry.consumer !== link.consumer) continue;
      this.unsettled.take(number);
      held.set(tagOf(entry.message.id), entry);
    }
    link.consumer.setCredit(0);
    return new SuspendedLink(link, held, new Set());
  }

  #suspendReceiving(link: ReceivingLink): SuspendedLink {
    this.client.partialBytes -= link.partial?.length ?? 0;
    const tags = new Set<string>();
    for (const [id, accepted] of this.accepted) {
      if (accepted.link !== link) continue;
      this.accepted.delete(id);
      tags.add(accepted.tag);
    }
    link.suspended = link.settlesSecond ? new SuspendedLink(link, new Map(), tags) : null;
    return link.suspended ?? new SuspendedLink(link, new Map(), tags);
  }

  #finishResumed(number: number): void {
    const { link, tag } = this.#resumed.get(number)!;
    this.#resumed.delete(number);
    if (!link.detached) this.transfers.finish(link, number, tag);
  }

  #answerDetach(pending: PendingDetach): void {
    if (pending.answered || this.client.ended || this.state === 'ended') return;
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

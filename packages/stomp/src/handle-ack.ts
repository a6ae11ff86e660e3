import {
  BrokerError,
  type Outcome,
  type QueueEntry,
  type SettleDetails,
  type Transaction,
} from '@causeway/core';
import type { StompClient } from './client.js';
import { parseDecimal } from './codec/digits.js';
import type { Frame } from './codec/frame.js';
import type { Subscription } from './subscription.js';

const DASH = 45;
const FAILED: SettleDetails = { deliveryFailed: true };
const REFUSED: SettleDetails = { reason: 'refused by its consumer' };

/** What ACK or NACK speaks of; filled by `locate`, valid until its next call. */
const located: { subscription: Subscription | undefined; number: number } = {
  subscription: undefined,
  number: 0,
};

/** STOMP 1.2, ACK. */
export function handleAck(client: StompClient, frame: Frame): void {
  settle(client, frame, 'accepted', undefined);
}

/**
 * STOMP 1.2, NACK. The message is delivered again until its queue's limit makes it a dead letter;
 * `requeue:false` makes it one at once.
 */
export function handleNack(client: StompClient, frame: Frame): void {
  if (client.version === 0) {
    throw new BrokerError('protocol-violation', 'STOMP 1.0 has no NACK');
  }
  if (frame.text('requeue') === 'false') settle(client, frame, 'rejected', REFUSED);
  else settle(client, frame, 'modified', FAILED);
}

function settle(
  client: StompClient,
  frame: Frame,
  outcome: Outcome,
  details: SettleDetails | undefined,
): void {
  locate(client, frame);
  const { subscription, number } = located;
  if (subscription === undefined) throw unknownDelivery();
  const name = frame.find('transaction');
  if (name >= 0) {
    const transaction = client.transactions.get(frame.valueText(name));
    settleLater(transaction, subscription, number, outcome, details);
  } else if (subscription.ackMode === 'client') {
    const visit =
      outcome === 'accepted'
        ? client.accept
        : (entry: QueueEntry) => client.broker.settle(entry, outcome, details);
    const settled = subscription.unsettled.takeUpTo(number, visit);
    if (settled === 0) throw unknownDelivery();
    subscription.grant(settled);
  } else {
    const entry = subscription.unsettled.take(number);
    if (entry === undefined) throw unknownDelivery();
    client.broker.settle(entry, outcome, details);
    subscription.grant(1);
  }
  client.confirmReceipt(frame);
}

/** Remembers settlements for COMMIT. Their credit is granted now: a batch may exceed a prefetch. */
function settleLater(
  transaction: Transaction,
  subscription: Subscription,
  number: number,
  outcome: Outcome,
  details: SettleDetails | undefined,
): void {
  const add = (entry: QueueEntry, taken: number) => {
    transaction.addSettlement(entry, outcome, details, taken);
    subscription.grant(1);
  };
  if (subscription.ackMode === 'client') {
    if (subscription.unsettled.takeUpTo(number, add) === 0) throw unknownDelivery();
    return;
  }
  const entry = subscription.unsettled.take(number);
  if (entry === undefined) throw unknownDelivery();
  add(entry, number);
}

/** Each version names a delivery in its own way. */
function locate(client: StompClient, frame: Frame): void {
  located.subscription = undefined;
  if (client.version === 2) locateByAckId(client, frame);
  else locateByMessageId(client, frame);
}

/** 1.2: the `id` header repeats the `ack` header of the message, `slot-number`. */
function locateByAckId(client: StompClient, frame: Frame): void {
  const index = frame.find('id');
  if (index < 0) throw new BrokerError('malformed', `${frame.command} has no id`);
  const { buffer } = frame;
  const start = frame.valueStart(index);
  const end = frame.valueEnd(index);
  let dash = start;
  while (dash < end && buffer[dash] !== DASH) dash++;
  const slot = parseDecimal(buffer, start, dash);
  if (slot < 0) return;
  located.number = parseDecimal(buffer, dash + 1, end);
  if (located.number > 0) located.subscription = client.subscriptions.at(slot);
}

/** 1.0 and 1.1: the `message-id`, and the `subscription` unless a client of 1.0 leaves it out. */
function locateByMessageId(client: StompClient, frame: Frame): void {
  const index = frame.find('message-id');
  if (index < 0) throw new BrokerError('malformed', `${frame.command} has no message-id`);
  const id = parseDecimal(frame.buffer, frame.valueStart(index), frame.valueEnd(index));
  const name = frame.text('subscription');
  if (name !== undefined) {
    const subscription = client.subscriptions.get(name);
    locateIn(subscription, id);
  } else if (client.version === 1) {
    throw new BrokerError('malformed', `${frame.command} has no subscription`);
  } else {
    for (const subscription of client.subscriptions.values()) {
      if (locateIn(subscription, id)) return;
    }
  }
}

function locateIn(subscription: Subscription | undefined, messageId: number): boolean {
  const number = subscription?.unsettled.numberOf(messageId) ?? 0;
  if (number === 0) return false;
  located.subscription = subscription;
  located.number = number;
  return true;
}

function unknownDelivery(): BrokerError {
  return new BrokerError(
    'unknown-delivery',
    'no delivery of that id waits to be acknowledged on this connection',
  );
}

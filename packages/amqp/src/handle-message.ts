import { type Address, BrokerError, FORMAT_IDS, Message } from '@causeway/core';
import { checkSections } from './codec/check-sections.js';
import { MessageLayout, namesUser, readLayout, readTo } from './codec/message-sections.js';
import { ABSENT } from './codec/types.js';
import { notBeforeOf } from './delivery-time.js';
import { AmqpError, CONDITION, isAnswer } from './errors.js';
import { expiresAtOf } from './expiry-time.js';
import { handleTransaction } from './handle-transaction.js';
import { isTemporaryAddress, parseAddress, resolveSendAddress } from './naming.js';
import type { IncomingDelivery, ReceivingLink } from './receiving-link.js';
import { refuseMessage } from './refuse-message.js';
import type { Session } from './session.js';
import { HAS_MESSAGE_ANNOTATIONS, USER_VERIFIED } from './stored-form.js';

/** Filled again by each message. */
const layout = new MessageLayout();
/** Part 3.2.16: the only format of messages there is. */
const MESSAGE_FORMAT = 0;
const PRIORITY_MAX = 9;

/**
 * A whole message has arrived on a link.
 * @param borrowed whether its bytes are a part of the input, and not its own
 */
export function handleMessage(
  session: Session,
  link: ReceivingLink,
  delivery: IncomingDelivery,
  view: Buffer,
  start: number,
  end: number,
  borrowed: boolean,
): void {
  if (link.destination === 'coordinator') {
    handleTransaction(session, link, delivery, view, start, end);
    return;
  }
  try {
    publish(session, link, delivery, view, start, end, borrowed);
  } catch (error) {
    if (!isAnswer(error)) throw error;
    refuseMessage(session, link, delivery, error);
    return;
  }
  if (delivery.settled) link.answered();
  else if (delivery.state?.kind !== 'transactional') {
    session.acceptLater(link, delivery);
  }
}

function publish(
  session: Session,
  link: ReceivingLink,
  delivery: IncomingDelivery,
  view: Buffer,
  start: number,
  end: number,
  borrowed: boolean,
): void {
  if (delivery.messageFormat !== MESSAGE_FORMAT) {
    throw new BrokerError('not-supported', 'a message-format other than 0');
  }
  const { client } = session;
  readLayout(view, start, end, layout);
  checkSections(view, layout);
  const { destination } = link;
  const address = destination === 'relay' ? relayAddress(session, view) : (destination as Address);
  const { bareStart } = layout;
  const { durable } = layout;
  link.measure(end - start, durable);
  const message = new Message(address, FORMAT_IDS.amqp, durable, view, bareStart, end, borrowed);
  message.priority = Math.min(layout.priority, PRIORITY_MAX);
  message.publisherId = client.connection.id;
  const { name } = client.connection.info.principal;
  if (layout.properties !== ABSENT && namesUser(view, layout, name)) {
    message.formatFlags |= USER_VERIFIED;
  }
  const nowMs = client.broker.clock.wallMs();
  message.expiresAt = expiresAtOf(view, layout, nowMs);
  if (layout.messageAnnotations !== ABSENT) {
    message.formatFlags |= HAS_MESSAGE_ANNOTATIONS;
    message.notBefore = notBeforeOf(view, layout, nowMs);
  }
  if (delivery.state?.kind === 'transactional') {
    client.transactions.send(session, link, delivery, message);
  } else client.broker.publish(message);
}

/** Where a message of the anonymous terminus goes. */
function relayAddress(session: Session, view: Buffer): Address {
  const { broker, connection } = session.client;
  const to = readTo(view, layout);
  if (to === null) {
    throw new AmqpError('link', CONDITION.preconditionFailed, 'the message has no "to"');
  }
  const address = resolveSendAddress(broker, parseAddress(to));
  if (!isTemporaryAddress(address)) connection.require('write', address);
  return address;
}

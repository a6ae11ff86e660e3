import { answerAttach } from './answer-attach.js';
import { attachReceivingLink } from './attach-receiving-link.js';
import { attachSendingLink } from './attach-sending-link.js';
import { checkTermini } from './check-termini.js';
import { decodeAttach } from './codec/decode-performative.js';
import { type Attach, ROLE } from './codec/types.js';
import { AmqpError, CONDITION, errorInfoOf, isAnswer } from './errors.js';
import type { Session } from './session.js';

/** Part 2.7.3: a client attaches a link. */
export function handleAttach(session: Session, view: Buffer, start: number, end: number): void {
  const attach = decodeAttach(view, start, end);
  const { limits } = session.client.broker;
  // Part 2.7.2, handle-max.
  if (attach.handle >= limits.linksPerSessionMax) {
    throw new AmqpError('connection', CONDITION.framing, 'the handle is beyond handle-max');
  }
  if (Buffer.byteLength(attach.name) > limits.linkNameBytesMax) {
    const message = `a link has a name of at most ${limits.linkNameBytesMax} bytes`;
    throw new AmqpError('session', CONDITION.invalidField, message);
  }
  if (session.links[attach.handle] !== undefined) {
    throw new AmqpError('session', CONDITION.handleInUse, 'the handle is in use');
  }
  if (attach.role === ROLE.sender) session.detachNow(attach.name);
  const handle = session.takeHandle(attach.handle);
  try {
    checkTermini(attach, limits.terminusBytesMax);
    if (attach.role === ROLE.receiver) attachSendingLink(session, attach, handle);
    else attachReceivingLink(session, attach, handle);
  } catch (error) {
    if (!isAnswer(error) || (error instanceof AmqpError && error.scope !== 'link')) throw error;
    refuse(session, attach, handle, error);
  }
}

/**
 * Part 2.6.3: a link that cannot be is attached without the terminus that was asked for, and
 * detached with the reason.
 */
function refuse(session: Session, attach: Attach, handle: number, error: unknown): void {
  const sends = attach.role === ROLE.receiver;
  answerAttach(session, attach, {
    handle,
    source: sends ? null : attach.source,
    target: sends ? attach.target : null,
    unsettled: null,
    initialDeliveryCount: sends ? 0 : null,
    maxMessageSize: 0,
  });
  const info = errorInfoOf(error);
  session.client.broker.log.debug('amqp-attach-refused', { link: attach.name, ...info });
  session.writeDetach(handle, true, info);
  session.refuse(attach.handle);
}

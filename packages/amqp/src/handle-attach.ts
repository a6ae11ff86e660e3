import { attachReceivingLink } from './attach-receiving-link.js';
import { attachSendingLink } from './attach-sending-link.js';
import { decodeAttach } from './codec/decode-performative.js';
import { encodeAttach, encodeDetach } from './codec/encode-performative.js';
import { type Attach, ROLE } from './codec/types.js';
import { AmqpError, CONDITION, errorInfoOf, isAnswer } from './errors.js';
import type { Session } from './session.js';

/** Part 2.7.3: a client attaches a link; its handle and ours have the same number. */
export function handleAttach(session: Session, view: Buffer, start: number, end: number): void {
  const attach = decodeAttach(view, start, end);
  const { limits } = session.client.broker;
  // Part 2.7.2, handle-max.
  if (attach.handle >= limits.linksPerSessionMax) {
    throw new AmqpError('connection', CONDITION.framing, 'the handle is beyond handle-max');
  }
  if (session.links[attach.handle] !== undefined) {
    throw new AmqpError('session', CONDITION.handleInUse, 'the handle is in use');
  }
  try {
    if (attach.role === ROLE.receiver) attachSendingLink(session, attach);
    else attachReceivingLink(session, attach);
  } catch (error) {
    if (!isAnswer(error) || (error instanceof AmqpError && error.scope !== 'link')) throw error;
    refuse(session, attach, error);
  }
}

/**
 * Part 2.6.3: a link that cannot be is attached without the terminus that was asked for, and
 * detached with the reason.
 */
function refuse(session: Session, attach: Attach, error: unknown): void {
  const { client, channel } = session;
  const sends = attach.role === ROLE.receiver;
  client.write(
    encodeAttach(channel, {
      ...attach,
      role: !attach.role,
      source: sends ? null : attach.source,
      target: sends ? attach.target : null,
      unsettled: null,
      incompleteUnsettled: false,
      initialDeliveryCount: sends ? 0 : null,
      maxMessageSize: 0,
      offeredCapabilities: [],
      desiredCapabilities: [],
      properties: null,
    }),
  );
  const info = errorInfoOf(error);
  client.broker.log.debug('amqp-attach-refused', { link: attach.name, ...info });
  client.write(encodeDetach(channel, { handle: attach.handle, closed: true, error: info }));
  session.refuse(attach.handle);
}

import { encodeAttach } from './codec/encode-performative.js';
import type { Attach } from './codec/types.js';
import { AmqpError, CONDITION } from './errors.js';
import type { Session } from './session.js';

/** What we say of our end of a link; the rest is as the client said it (part 2.6.3). */
type OurEnd = Pick<
  Attach,
  'handle' | 'source' | 'target' | 'unsettled' | 'initialDeliveryCount' | 'maxMessageSize'
>;

/**
 * Answers the attach of a client with our own.
 * @throws AmqpError when it does not fit into a frame of the client (part 2.8.15)
 */
export function answerAttach(session: Session, attach: Attach, ours: OurEnd): void {
  const { client, channel } = session;
  const frame = encodeAttach(channel, {
    ...attach,
    ...ours,
    role: !attach.role,
    incompleteUnsettled: false,
    offeredCapabilities: [],
    desiredCapabilities: [],
    properties: null,
  });
  if (frame.length > client.remoteFrameBytesMax) {
    const message = `an attach of ${frame.length} bytes is beyond your max-frame-size`;
    throw new AmqpError('session', CONDITION.frameTooSmall, message);
  }
  client.write(frame);
}

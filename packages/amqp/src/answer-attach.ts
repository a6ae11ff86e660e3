import { encodeAttach } from './codec/encode-performative.js';
import { encodeState } from './codec/encode-state.js';
import type { Attach, DeliveryState } from './codec/types.js';
import { AmqpError, CONDITION } from './errors.js';
import type { Session } from './session.js';

type Unsettled = ReadonlyMap<string, DeliveryState | null>;

const NONE: Unsettled = new Map();

/** What we say of our end of a link; the rest is as the client said it (part 2.6.3). */
type OurEnd = Pick<
  Attach,
  'handle' | 'source' | 'target' | 'unsettled' | 'initialDeliveryCount' | 'maxMessageSize'
>;

/** What the lists and maps of an attach may grow by when something is added. */
const GROWTH_BYTES_MAX = 16;
/** What an entry of `unsettled` takes besides its tag and its state. */
const ENTRY_BYTES = 2;

/**
 * Answers the attach of a client with our own.
 * @returns whether all of our unsettled deliveries fit into it
 * @throws AmqpError when even without them it does not fit into a frame of the client (part 2.8.15)
 */
export function answerAttach(session: Session, attach: Attach, ours: OurEnd): boolean {
  const { client, channel } = session;
  const answer = {
    ...attach,
    ...ours,
    role: !attach.role,
    incompleteUnsettled: false,
    offeredCapabilities: [],
    desiredCapabilities: [],
    properties: null,
  };
  const room = client.remoteFrameBytesMax;
  let frame = encodeAttach(channel, answer);
  const complete = frame.length <= room || ours.unsettled === null;
  if (!complete) {
    const short = { ...answer, unsettled: NONE, incompleteUnsettled: true };
    const left = room - encodeAttach(channel, short).length - GROWTH_BYTES_MAX;
    frame = encodeAttach(channel, { ...short, unsettled: asManyAs(left, ours.unsettled) });
  }
  if (frame.length > room) {
    const message = `an attach of ${frame.length} bytes is beyond your max-frame-size`;
    throw new AmqpError('session', CONDITION.frameTooSmall, message);
  }
  client.write(frame);
  return complete;
}

/** The first entries, which take no more bytes than are left (part 2.7.3, incomplete-unsettled). */
function asManyAs(left: number, unsettled: Unsettled): Unsettled {
  const some = new Map<string, DeliveryState | null>();
  let bytes = 0;
  for (const [tag, state] of unsettled) {
    bytes += ENTRY_BYTES + tag.length + (state === null ? 1 : encodeState(state).length);
    if (bytes > left) break;
    some.set(tag, state);
  }
  return some;
}

import { decodeRawFrame, type RawFrame } from '../../support/raw-amqp-frames.js';
import { ValueReader } from '../../support/raw-amqp-values.js';

/** What the server has said in one session. */
interface Session {
  /** Next delivery-id and, per attached handle, whether a delivery is incomplete. */
  deliveries: number;
  readonly links: Map<number, { readonly sends: boolean; payload: Buffer[] }>;
}

const ERRANT = 'is not where it may be';

/**
 * Only frames that a server may send, whole, each where it may be, and nothing after the last.
 * @returns what they say, of each delivery for itself
 */
export function checkAmqpOutput(output: Buffer, ended: boolean): ServerSaying[] {
  const frames: RawFrame[] = [];
  let rest = output;
  while (rest.length > 0) {
    const frame = decodeRawFrame(rest);
    if (frame === null) throw new Error(`half a frame: ${rest.toString('hex', 0, 40)}`);
    frames.push(frame);
    rest = rest.subarray(frame.bytes.length);
  }
  const opened = checkBeginning(frames, ended);
  if (opened >= 0) checkConversation(frames.slice(opened + 1), ended);
  return frames.flatMap(sayings);
}

export type ServerSaying = Omit<RawFrame, 'bytes'>;

/** Dispositions join as time allows. */
function sayings({ bytes: _, ...frame }: RawFrame): ServerSaying[] {
  if (frame.kind !== 'disposition') return [frame];
  const { first, last = first, ...rest } = frame;
  return Array.from({ length: ((last - first) >>> 0) + 1 }, (_, index) => ({
    ...rest,
    deliveryId: (first + index) >>> 0,
  }));
}

/** Headers and SASL. @returns where the open is, or -1 */
function checkBeginning(frames: readonly RawFrame[], ended: boolean): number {
  const opened = frames.findIndex(({ kind }) => kind === 'open');
  const early = opened < 0 ? frames : frames.slice(0, opened);
  const said = early
    .map(({ kind, protocolId, code }) => [kind, protocolId ?? code].join(' ').trim())
    .join(', ');
  const known =
    /^(header 3(, saslMechanisms(, saslChallenge){0,2}(, saslOutcome \d)?)?)?(, header [03])?$|^header 0$/;
  if (!known.test(said)) throw new Error(`a beginning that is none: ${said}`);
  if (/saslOutcome [^0]/.test(said) && (opened >= 0 || !ended)) {
    throw new Error('the connection goes on after a refusal');
  }
  if (opened >= 0 && !said.endsWith('header 0')) throw new Error('an open without a header');
  return opened;
}

function checkConversation(frames: readonly RawFrame[], ended: boolean): void {
  const sessions = new Map<number, Session>();
  for (const [index, frame] of frames.entries()) {
    if (frame.kind === 'close') {
      if (index < frames.length - 1) throw new Error('a frame after close');
      if (!ended) throw new Error('the connection stays open after close');
      return;
    }
    if (frame.kind !== 'empty') checkFrame(frame, sessions);
  }
  if (ended) throw new Error('the connection ended without close');
}

function checkFrame(frame: RawFrame, sessions: Map<number, Session>): void {
  const { kind, channel } = frame;
  const session = sessions.get(channel);
  if (kind === 'begin') {
    if (session !== undefined) throw new Error(`begin ${ERRANT}`);
    sessions.set(channel, { deliveries: 0, links: new Map() });
    return;
  }
  if (session === undefined) throw new Error(`${kind} ${ERRANT}`);
  if (kind === 'end') sessions.delete(channel);
  else checkLinkFrame(frame, session);
}

function checkLinkFrame(frame: RawFrame, session: Session): void {
  const { kind, handle } = frame;
  const link = session.links.get(handle);
  switch (kind) {
    case 'attach':
      if (link !== undefined) throw new Error(`attach ${ERRANT}`);
      session.links.set(handle, { sends: frame.role === false, payload: [] });
      return;
    case 'detach':
      if (link === undefined) throw new Error(`detach ${ERRANT}`);
      session.links.delete(handle);
      return;
    case 'flow':
      if (handle !== undefined && link === undefined) throw new Error(`flow ${ERRANT}`);
      return;
    case 'transfer':
      if (link?.sends !== true) throw new Error(`transfer ${ERRANT}`);
      checkTransfer(frame, session, link.payload);
      return;
    case 'disposition':
      return;
    default:
      throw new Error(`${kind} is not for a server to send`);
  }
}

/** Part 2.6.14: ids are in order, and what is complete is a message. */
function checkTransfer(frame: RawFrame, session: Session, payload: Buffer[]): void {
  const { deliveryId, more, aborted } = frame;
  if (deliveryId !== undefined) {
    if (payload.length > 0) throw new Error('a delivery begins within another');
    if (deliveryId !== session.deliveries) throw new Error('a delivery-id is left out');
    session.deliveries = (session.deliveries + 1) >>> 0;
  } else if (payload.length === 0) throw new Error('a delivery without an id');
  payload.push(frame.payload);
  if (more === true) return;
  const whole = Buffer.concat(payload.splice(0));
  // What is settled by resuming it has no message.
  if (aborted !== true && frame.resume !== true) checkSections(whole);
}

/** What is in the sections is between their sender and us; that they are sections is not. */
function checkSections(message: Buffer): void {
  const reader = new ValueReader(message);
  while (!reader.done) {
    if (message[reader.at++] !== 0) throw new Error('a section is not described');
    reader.read();
    skip(reader);
  }
}

/** Part 1.2: the first digit of a format code says how long a value is. */
function skip(reader: ValueReader): void {
  const { bytes, code } = reader;
  reader.at++;
  if (code === 0) {
    skip(reader);
    skip(reader);
    return;
  }
  const digit = code >> 4;
  const width = digit < 10 ? [0, 1, 2, 4, 8, 16][digit - 4] : undefined;
  if (width !== undefined) reader.at += width;
  else if (digit % 2 === 0) reader.at += 1 + bytes.readUInt8(reader.at);
  else reader.at += 4 + bytes.readUInt32BE(reader.at);
  if (reader.at > bytes.length) throw new Error('a section goes on after the message');
}

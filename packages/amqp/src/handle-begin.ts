import type { AmqpClient } from './client.js';
import { decodeBegin } from './codec/decode-performative.js';
import { encodeBegin } from './codec/encode-performative.js';
import { AmqpError, CONDITION } from './errors.js';
import { Session } from './session.js';

/** Part 2.7.2: a client starts a session; its channel and ours have the same number. */
export function handleBegin(
  client: AmqpClient,
  channel: number,
  view: Buffer,
  start: number,
  end: number,
): void {
  const begin = decodeBegin(view, start, end);
  const { limits } = client.broker;
  if (begin.remoteChannel !== null) {
    throw new AmqpError('connection', CONDITION.notAllowed, 'begin answers a session of nobody');
  }
  if (client.sessions[channel] !== undefined) {
    throw new AmqpError('connection', CONDITION.notAllowed, 'the channel has a session already');
  }
  const session = new Session(client, channel, begin);
  client.setSession(channel, session);
  client.write(
    encodeBegin(channel, {
      remoteChannel: channel,
      nextOutgoingId: 0,
      incomingWindow: limits.sessionWindowFrames,
      outgoingWindow: limits.sessionWindowFrames,
      handleMax: limits.linksPerSessionMax - 1,
    }),
  );
}

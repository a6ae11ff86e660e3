import type { AmqpClient } from './client.js';
import { decodeBegin } from './codec/decode-performative.js';
import { encodeBegin } from './codec/encode-performative.js';
import { AmqpError, CONDITION } from './errors.js';
import { Session } from './session.js';

/** Part 2.5.1: a client starts a session. */
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
  const ours = client.channels.take(channel);
  if (ours === null) {
    throw new AmqpError('connection', CONDITION.notAllowed, 'more sessions than your channel-max');
  }
  client.setSession(channel, new Session(client, channel, ours, begin));
  client.write(
    encodeBegin(ours, {
      remoteChannel: channel,
      nextOutgoingId: 0,
      incomingWindow: limits.sessionWindowFrames,
      outgoingWindow: limits.sessionWindowFrames,
      handleMax: limits.linksPerSessionMax - 1,
    }),
  );
}

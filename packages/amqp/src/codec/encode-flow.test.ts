import { expect, test } from 'vitest';
import { decodeFrames, hex } from '../testing/amqp-frames.js';
import { encodeFlow, type Flow } from './encode-flow.js';

const FLOW: Flow = {
  nextIncomingId: 1,
  incomingWindow: 2,
  nextOutgoingId: 0xffff_ffff,
  outgoingWindow: 4,
  handle: 0,
  deliveryCount: 0xffff_fffe,
  linkCredit: 7,
  available: 8,
  drain: true,
};

test('2.7.4 a flow has the fields of a link, if it is about one', () => {
  const [frame] = decodeFrames(encodeFlow(5, FLOW));
  expect(frame).toMatchObject({ kind: 'flow', channel: 5, flow: { ...FLOW, echo: false } });
});

test('2.7.4 without a handle it ends with the fields of the session', () => {
  const bytes = encodeFlow(0x1234, { ...FLOW, handle: -1 });
  expect(bytes).toEqual(
    hex(`00000022 02 00 1234 00 53 13 c0 15 04
      70 00000001 70 00000002 70 ffffffff 70 00000004`),
  );
});

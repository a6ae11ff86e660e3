import { WireError } from '@causeway/wire';
import { expect, test } from 'vitest';
import { encodeFlow, hex } from '../testing/amqp-frames.js';
import { decodeFlow } from './decode-flow.js';
import { ABSENT, FlowFrame } from './types.js';
import { AmqpSymbol, type AmqpValue } from './value.js';

const flow = new FlowFrame();

function decode(frame: Buffer, start = 8): FlowFrame {
  decodeFlow(frame, start, frame.length, flow);
  return flow;
}

const FIELDS = {
  nextIncomingId: 1,
  incomingWindow: 2,
  nextOutgoingId: 3,
  outgoingWindow: 4,
  handle: 5,
  deliveryCount: 0xffff_ffff,
  linkCredit: 7,
  available: 8,
  drain: true,
  echo: true,
};
const properties = (name: string) =>
  new Map<AmqpValue, AmqpValue>([[new AmqpSymbol(name), hex('01')]]);

test('all fields come back, in an object that is filled again', () => {
  expect(decode(encodeFlow(1, { ...FIELDS, properties: properties('txn-id') }))).toEqual({
    ...FIELDS,
    transactional: true,
  });
  expect(decode(hex('00 53 13 c0 05 04 40 43 43 43'), 0)).toEqual({
    nextIncomingId: ABSENT,
    incomingWindow: 0,
    nextOutgoingId: 0,
    outgoingWindow: 0,
    handle: ABSENT,
    deliveryCount: ABSENT,
    linkCredit: ABSENT,
    available: ABSENT,
    drain: false,
    echo: false,
    transactional: false,
  });
});

test('4.4.3 only txn-id among the properties makes it transactional', () => {
  expect(decode(encodeFlow(1, { properties: properties('x') })).transactional).toBe(false);
});

test.each([
  ['no window', 'c0 02 01 43', 'flow has no incoming-window'],
  ['a ubyte as window', 'c0 04 02 40 50 01', 'the incoming-window of flow is not a uint'],
  ['a list of properties', 'c0 0c 0b 40 43 43 43 40 40 40 40 40 40 45', 'properties of flow'],
])('%s is refused', (_, list, complaint) => {
  expect(() => decode(hex(`00 53 13 ${list}`), 0)).toThrow(WireError);
  expect(() => decode(hex(`00 53 13 ${list}`), 0)).toThrow(complaint);
});

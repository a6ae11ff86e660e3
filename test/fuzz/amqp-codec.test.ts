import { AddressBook, FORMAT_IDS, Message } from '@causeway/core';
import { ByteReader, ChunkBuffer, WireError } from '@causeway/wire';
import { expect } from 'vitest';
import { decodeDisposition } from '../../packages/amqp/src/codec/decode-disposition.js';
import { decodeFlow } from '../../packages/amqp/src/codec/decode-flow.js';
import {
  decodeAttach,
  decodeBegin,
  decodeClose,
  decodeDetach,
  decodeEnd,
  decodeOpen,
  performativeCode,
} from '../../packages/amqp/src/codec/decode-performative.js';
import { decodeSaslInit, decodeSaslResponse } from '../../packages/amqp/src/codec/decode-sasl.js';
import { decodeState } from '../../packages/amqp/src/codec/decode-state.js';
import { decodeTransactionRequest } from '../../packages/amqp/src/codec/decode-transaction.js';
import { decodeTransfer } from '../../packages/amqp/src/codec/decode-transfer.js';
import {
  encodeAttach,
  encodeBegin,
  encodeClose,
  encodeOpen,
} from '../../packages/amqp/src/codec/encode-performative.js';
import { encodeState } from '../../packages/amqp/src/codec/encode-state.js';
import { FrameReader } from '../../packages/amqp/src/codec/frame-reader.js';
import {
  MessageLayout,
  propertiesField,
  readAbsoluteExpiryTime,
  readLayout,
  readTo,
} from '../../packages/amqp/src/codec/message-sections.js';
import { skipValue } from '../../packages/amqp/src/codec/skip-value.js';
import { DispositionFrame, FlowFrame, TransferFrame } from '../../packages/amqp/src/codec/types.js';
import { AmqpSymbol, type AmqpValue, Described } from '../../packages/amqp/src/codec/value.js';
import { readValue } from '../../packages/amqp/src/codec/value-reader.js';
import { ValueWriter } from '../../packages/amqp/src/codec/value-writer.js';
import { amqpFormat } from '../../packages/amqp/src/format.js';
import {
  encodeDisposition,
  encodeFlow,
  encodeSaslInit,
  encodeSaslResponse,
  encodeTransfer,
} from '../../packages/amqp/src/testing/amqp-frames.js';
import { encodeMessage } from '../../packages/amqp/src/testing/amqp-messages.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { fuzz } from './support/fuzz.js';
import { cut, mutate } from './support/mutate.js';

const FRAME_BYTES_MAX = 4096;
/** Bytes that mean something at many places: the format codes, and what begins a descriptor. */
const TELLING = Buffer.from(
  '004041424344455051525354555670717280818283849498a0a1a3b0b1b3c0c1d0d1e0f0',
  'hex',
);

const ERROR = { condition: 'amqp:not-found', description: 'no', info: null };
const OPEN = {
  containerId: 'c',
  hostname: 'h',
  maxFrameSize: 70_000,
  channelMax: 9,
  idleTimeOut: 500,
  offeredCapabilities: ['a', 'b'],
  desiredCapabilities: [],
  properties: new Map<AmqpValue, AmqpValue>([[new AmqpSymbol('product'), 'p']]),
};
const BEGIN = {
  remoteChannel: null,
  nextOutgoingId: 0,
  incomingWindow: 10,
  outgoingWindow: 10,
  handleMax: 255,
};
const TERMINUS = {
  address: 'queue://a',
  durable: 2,
  expiryPolicy: 'never',
  timeout: 5,
  dynamic: false,
  dynamicNodeProperties: null,
  capabilities: ['queue'],
};
const ATTACH = {
  name: 'link',
  handle: 1,
  role: true,
  sndSettleMode: 0,
  rcvSettleMode: 0,
  source: {
    ...TERMINUS,
    distributionMode: 'copy',
    filter: new Map<AmqpValue, AmqpValue>([[new AmqpSymbol('f'), new Described(2 ** 40, 'a = 1')]]),
    defaultOutcome: { kind: 'released' } as const,
    outcomes: ['amqp:accepted:list'],
  },
  target: TERMINUS,
  unsettled: new Map([['tag', { kind: 'accepted' } as const]]),
  incompleteUnsettled: false,
  initialDeliveryCount: 1,
  maxMessageSize: 0,
  offeredCapabilities: [],
  desiredCapabilities: ['x'],
  properties: null,
};
const TRANSACTIONAL = {
  kind: 'transactional',
  transactionId: Buffer.from('t'),
  outcome: { kind: 'rejected', error: ERROR },
} as const;
const MESSAGE = encodeMessage({
  header: { durable: true, priority: 3, ttl: 5, deliveryCount: 1 },
  deliveryAnnotations: { a: 1 },
  messageAnnotations: { 'x-opt-jms-msg-type': 5, b: [1, 'two'] },
  properties: ['id', Buffer.from('u'), 'to', 's', 'r', 7, new AmqpSymbol('text/plain')],
  applicationProperties: { c: 3, d: new Date(9), e: new Map([['k', null]]) },
  sequences: [[1, 2, [3]], ['four']],
  footer: { f: 1 },
});

const FRAMES = [
  encodeOpen(0, OPEN),
  encodeBegin(1, BEGIN),
  encodeAttach(1, ATTACH),
  encodeFlow(1, { handle: 1, linkCredit: 5, properties: new Map([['txn-id', Buffer.of(1)]]) }),
  encodeTransfer(1, { deliveryId: 1, deliveryTag: 'tag', state: TRANSACTIONAL }, MESSAGE),
  encodeDisposition(1, { role: true, first: 1, last: 5, settled: true, state: TRANSACTIONAL }),
  encodeClose(0, ERROR),
  encodeSaslInit('PLAIN', '\0u\0p', 'h'),
  encodeSaslResponse('answer'),
];

const PERFORMATIVES: readonly ((view: Buffer, start: number, end: number) => unknown)[] = [
  performativeCode,
  decodeOpen,
  decodeBegin,
  decodeAttach,
  (view, start, end) => decodeFlow(view, start, end, new FlowFrame()),
  (view, start, end) => decodeTransfer(view, start, end, new TransferFrame()),
  (view, start, end) => decodeDisposition(view, start, end, new DispositionFrame()),
  decodeDetach,
  decodeEnd,
  decodeClose,
  decodeSaslInit,
  decodeSaslResponse,
  decodeState,
  decodeTransactionRequest,
];

/** Bytes that are damaged, random, or made of what often means something. */
function hostile(samples: readonly Buffer[], random: SeededRandom): Buffer {
  if (random.chance(0.1)) return random.bytes(random.below(80));
  if (random.chance(0.2)) {
    return Buffer.from(random.bytes(random.below(80)).map(() => random.pick([...TELLING])));
  }
  return Buffer.concat(mutate([random.pick(samples)], random, random.between(1, 4)));
}

/** Whether it is refused, as only `WireError` may say. */
function refuses(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return true;
  }
}

fuzz('amqp: bodies of frames are read or refused', 5000, (random) => {
  const bytes = hostile(
    FRAMES.map((frame) => frame.subarray(8)),
    random,
  );
  for (const decode of PERFORMATIVES) refuses(() => decode(bytes, 0, bytes.length));
});

fuzz('amqp: frames are the same however they are cut', 1000, (random) => {
  const bytes = Buffer.concat(mutate(FRAMES, random, random.below(3)));
  const whole = framesOf([bytes]);
  expect(framesOf(cut(bytes, random))).toEqual(whole);
});

/** The bodies of the frames, until one is refused. */
function framesOf(chunks: readonly Buffer[]): string[] {
  const reader = new FrameReader(FRAME_BYTES_MAX);
  const bodies: string[] = [];
  const buffer = new ChunkBuffer();
  try {
    for (const chunk of chunks) {
      const view = buffer.push(chunk);
      let at = 0;
      for (let next = reader.next(view, at); next >= 0; next = reader.next(view, at)) {
        bodies.push(`${reader.type} ${reader.channel} ${hexOf(view, reader)}`);
        at = next;
      }
      if (reader.needed > FRAME_BYTES_MAX)
        throw new Error('a frame is waited for that is too large');
      buffer.keep(view, at, reader.needed);
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    bodies.push('refused');
  }
  return bodies;
}

function hexOf(view: Buffer, { start, end }: FrameReader): string {
  return view.toString('hex', start, end);
}

fuzz('amqp: values that are read come back when they are written', 5000, (random) => {
  const samples = [
    MESSAGE,
    encodeState(TRANSACTIONAL),
    ...FRAMES.map((frame) => frame.subarray(8)),
  ];
  const bytes = hostile(samples, random);
  let value: AmqpValue = null;
  const reader = new ByteReader(bytes);
  if (refuses(() => (value = readValue(reader)))) return;
  expect(skipValue(bytes, 0, bytes.length)).toBe(reader.position);
  const again = new ByteReader(new ValueWriter().value(value).take());
  expect(readValue(again)).toEqual(value);
  expect(again.remaining).toBe(0);
});

fuzz('amqp: messages are refused, or can be viewed and built', 5000, (random) => {
  const bytes = hostile([MESSAGE, encodeMessage({ value: 'text' })], random);
  const layout = new MessageLayout();
  if (refuses(() => readLayout(bytes, 0, bytes.length, layout))) return;
  refuses(() => readTo(bytes, layout));
  refuses(() => readAbsoluteExpiryTime(bytes, layout));
  refuses(() => propertiesField(bytes, layout, random.below(20)));
  const address = new AddressBook().queue('a');
  const { amqp } = FORMAT_IDS;
  const message = new Message(address, amqp, true, bytes, layout.bareStart, bytes.length, false);
  const built = amqpFormat.build(amqpFormat.view(message), message);
  readLayout(built, 0, built.length, layout);
});

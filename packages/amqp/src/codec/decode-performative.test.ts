import { WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/support/seeded-random.js';
import { hex } from '../testing/amqp-frames.js';
import * as decode from './decode-performative.js';
import * as encode from './encode-performative.js';
import { FrameReader } from './frame-reader.js';
import {
  type Attach,
  type Begin,
  DESCRIPTOR,
  type Open,
  type Source,
  type Target,
  TERMINUS_DURABILITY,
} from './types.js';
import { AmqpSymbol, type AmqpValue, Described } from './value.js';

/** The body of a frame is all after its header. */
const body = (frame: Buffer) => [frame, 8, frame.length] as const;
const bare = (bytes: string) => [hex(bytes), 0, hex(bytes).length] as const;
const symbolMap = (...entries: [string, AmqpValue][]) =>
  new Map<AmqpValue, AmqpValue>(entries.map(([name, value]) => [new AmqpSymbol(name), value]));

const OPEN: Open = {
  containerId: 'container',
  hostname: 'host',
  maxFrameSize: 65_536,
  channelMax: 100,
  idleTimeOut: 30_000,
  offeredCapabilities: ['ANONYMOUS-RELAY', 'DELAYED_DELIVERY'],
  desiredCapabilities: ['sole-connection-for-container'],
  properties: symbolMap(['product', 'test'], ['list', [1, null]]),
};
const BEGIN: Begin = {
  remoteChannel: 3,
  nextOutgoingId: 0xffff_ffff,
  incomingWindow: 2048,
  outgoingWindow: 300,
  handleMax: 7,
};
const SOURCE: Source = {
  address: 'queue://orders',
  durable: TERMINUS_DURABILITY.unsettledState,
  expiryPolicy: 'never',
  timeout: 60,
  dynamic: true,
  dynamicNodeProperties: symbolMap(['lifetime-policy', new Described(0x2b, [])]),
  distributionMode: 'copy',
  filter: symbolMap(['selector', new Described(0x468c_0000_0004, "colour = 'blue'")]),
  defaultOutcome: {
    kind: 'modified',
    deliveryFailed: true,
    undeliverableHere: false,
    annotations: null,
  },
  outcomes: ['amqp:accepted:list', 'amqp:rejected:list'],
  capabilities: ['queue'],
};
const TARGET: Target = {
  address: 'topic://news',
  durable: 1,
  expiryPolicy: 'link-detach',
  timeout: 5,
  dynamic: false,
  dynamicNodeProperties: null,
  capabilities: ['topic', 'shared'],
};
const ATTACH: Attach = {
  name: 'link',
  handle: 300,
  role: true,
  sndSettleMode: 1,
  rcvSettleMode: 1,
  source: SOURCE,
  target: TARGET,
  unsettled: new Map([
    ['\xff\0', null],
    ['tag', { kind: 'received', sectionNumber: 1, sectionOffset: 2 ** 40 }],
    ['done', { kind: 'accepted' }],
  ]),
  incompleteUnsettled: true,
  initialDeliveryCount: 0,
  maxMessageSize: 2 ** 40,
  offeredCapabilities: ['a'],
  desiredCapabilities: ['b'],
  properties: symbolMap(['x', 'y']),
};
const ERROR = {
  condition: 'amqp:not-found',
  description: 'there is no such queue',
  info: symbolMap(['hint', 1]),
};

describe('what is written comes back', () => {
  test('2.7.1 open', () => {
    expect(decode.decodeOpen(...body(encode.encodeOpen(0, OPEN)))).toEqual(OPEN);
  });

  test('2.7.2 begin', () => {
    expect(decode.decodeBegin(...body(encode.encodeBegin(5, BEGIN)))).toEqual(BEGIN);
    const first = { ...BEGIN, remoteChannel: null };
    expect(decode.decodeBegin(...body(encode.encodeBegin(5, first)))).toEqual(first);
  });

  test('2.7.3 attach', () => {
    expect(decode.decodeAttach(...body(encode.encodeAttach(5, ATTACH)))).toEqual(ATTACH);
  });

  test('4.5.1 attach to a coordinator', () => {
    const attach: Attach = {
      ...ATTACH,
      target: { coordinator: true, capabilities: ['amqp:local-transactions'] },
      unsettled: new Map(),
    };
    expect(decode.decodeAttach(...body(encode.encodeAttach(5, attach)))).toEqual(attach);
  });

  test('2.7.7 detach', () => {
    const detach = { handle: 4, closed: true, error: ERROR };
    expect(decode.decodeDetach(...body(encode.encodeDetach(1, detach)))).toEqual(detach);
    const silent = { handle: 4, closed: false, error: null };
    expect(decode.decodeDetach(...body(encode.encodeDetach(1, silent)))).toEqual(silent);
  });

  test.each([ERROR, { condition: 'x', description: null, info: null }, null])(
    '2.7.8 end, 2.7.9 close: %j',
    (error) => {
      expect(decode.decodeEnd(...body(encode.encodeEnd(1, error)))).toEqual(error);
      expect(decode.decodeClose(...body(encode.encodeClose(0, error)))).toEqual(error);
    },
  );

  test('in one frame of its channel', () => {
    const frame = encode.encodeBegin(0x1234, BEGIN);
    const reader = new FrameReader(frame.length);
    expect(reader.next(frame, 0)).toBe(frame.length);
    expect(reader).toMatchObject({ type: 0, channel: 0x1234, start: 8, end: frame.length });
    expect(decode.performativeCode(...body(frame))).toBe(DESCRIPTOR.begin);
  });
});

describe('what is not given', () => {
  test('2.7.1 open', () => {
    expect(decode.decodeOpen(...bare('00 53 10 c0 04 01 a1 01 61'))).toEqual({
      containerId: 'a',
      hostname: null,
      maxFrameSize: 4_294_967_295,
      channelMax: 65_535,
      idleTimeOut: 0,
      offeredCapabilities: [],
      desiredCapabilities: [],
      properties: null,
    });
  });

  test('2.7.2 begin', () => {
    expect(decode.decodeBegin(...bare('00 53 11 c0 05 04 40 43 43 43'))).toEqual({
      remoteChannel: null,
      nextOutgoingId: 0,
      incomingWindow: 0,
      outgoingWindow: 0,
      handleMax: 4_294_967_295,
    });
  });

  test('2.7.3 attach', () => {
    expect(decode.decodeAttach(...bare('00 53 12 c0 06 03 a1 01 61 43 42'))).toEqual({
      name: 'a',
      handle: 0,
      role: false,
      sndSettleMode: 2,
      rcvSettleMode: 0,
      source: null,
      target: null,
      unsettled: null,
      incompleteUnsettled: false,
      initialDeliveryCount: null,
      maxMessageSize: 0,
      offeredCapabilities: [],
      desiredCapabilities: [],
      properties: null,
    });
  });

  test('3.5.3 source, 3.5.4 target', () => {
    const attach = '00 53 12 c0 10 07 a1 01 61 43 42 40 40 00 53 28 45 00 53 29 45';
    expect(decode.decodeAttach(...bare(attach))).toMatchObject({
      source: {
        address: null,
        durable: 0,
        expiryPolicy: 'session-end',
        timeout: 0,
        dynamic: false,
        dynamicNodeProperties: null,
        distributionMode: null,
        filter: null,
        defaultOutcome: null,
        outcomes: [],
        capabilities: [],
      },
      target: { address: null, durable: 0, expiryPolicy: 'session-end', capabilities: [] },
    });
  });
});

describe('other forms of the same', () => {
  test.each([
    ['a smallulong', '00 53 18 45'],
    ['a ulong', '00 80 00 00 00 00 00 00 00 18 45'],
    ['a symbol', `00 a3 0f ${Buffer.from('amqp:close:list').toString('hex')} 45`],
    ['a long symbol', `00 b3 0000000f ${Buffer.from('amqp:close:list').toString('hex')} 45`],
  ])('%s as a descriptor', (_, bytes) => {
    expect(decode.performativeCode(...bare(bytes))).toBe(DESCRIPTOR.close);
    expect(decode.decodeClose(...bare(bytes))).toBeNull();
  });

  test('one capability without an array, or several in a long one', () => {
    const capabilities = (bytes: string) => {
      const fields = hex(`a1 01 61 40 40 40 40 40 40 ${bytes}`);
      const list = hex(`00 53 10 d0 ${(fields.length + 4).toString(16).padStart(8, '0')} 00000008`);
      return decode.decodeOpen(...bare(Buffer.concat([list, fields]).toString('hex')))
        .offeredCapabilities;
    };
    expect(capabilities('a3 01 78')).toEqual(['x']);
    expect(capabilities('40')).toEqual([]);
    expect(capabilities('e0 06 02 a3 01 78 01 79')).toEqual(['x', 'y']);
    expect(capabilities('f0 0000000b 00000001 b3 00000002 78 79')).toEqual(['xy']);
    expect(() => capabilities('a1 01 78')).toThrow('the offered-capabilities of open is not');
  });

  test('fields that are not known, at the end', () => {
    expect(decode.decodeEnd(...bare('00 53 17 c0 03 02 40 41'))).toBeNull();
  });

  test('a message size without a limit', () => {
    const bytes = '00 53 12 c0 16 0b a1 01 61 43 42 40 40 40 40 40 40 40 80 ffffffffffffffff';
    expect(decode.decodeAttach(...bare(bytes)).maxMessageSize).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('what is refused, and why', () => {
  test.each<[name: string, bytes: string, complaint: string]>([
    ['no descriptor', '45', 'a descriptor is missing'],
    ['half a descriptor', '00 53', 'a value goes on'],
    ['a descriptor that is a string', '00 a1 01 61 45', 'neither a number nor a symbol'],
    ['a symbol that is not known', '00 a3 01 61 45', 'nothing known'],
    ['a number that nothing has', '00 80 ff ff ff ff ff ff ff ff 45', 'nothing known'],
  ])('%s', (_, bytes, complaint) => {
    expect(() => decode.performativeCode(...bare(bytes))).toThrow(complaint);
  });

  test.each<[name: string, bytes: string, complaint: string]>([
    ['a map', '00 53 10 c1 01 00', 'open is not a list'],
    ['nothing at all', '00 53 10', 'open is not a list'],
    ['a list that is too short', '00 53 10 c0 05 01 a1 01 61', 'the size that it claims'],
    ['a list without room for its count', '00 53 10 c0 00 01 40', 'the size that it claims'],
    ['a list of 4 GiB', '00 53 10 d0 ffffffff 00000001 40', 'the size that it claims'],
    ['2^32 fields', '00 53 10 d0 00000005 ffffffff 40', 'the size that it claims'],
    ['fields that are not there', '00 53 10 c0 04 03 a1 01 61', 'ends before its last field'],
    ['something after the end', '00 53 10 c0 04 01 a1 01 61 40', 'goes on after its end'],
    ['no container-id', '00 53 10 45', 'open has no container-id'],
    ['null as container-id', '00 53 10 c0 02 01 40', 'open has no container-id'],
    ['a symbol as container-id', '00 53 10 c0 04 01 a3 01 61', 'the container-id of open is not'],
    ['a ubyte as frame size', '00 53 10 c0 07 03 a1 01 61 40 50 01', 'the max-frame-size of open'],
    ['a uint as channel-max', '00 53 10 c0 07 04 a1 01 61 40 40 43', 'the channel-max of open'],
    ['half a number', '00 53 10 c0 07 03 a1 01 61 40 70 00', 'open ends within a field'],
  ])('an open with %s', (_, bytes, complaint) => {
    expect(() => decode.decodeOpen(...bare(bytes))).toThrow(WireError);
    expect(() => decode.decodeOpen(...bare(bytes))).toThrow(complaint);
  });

  test.each<[name: string, bytes: string, complaint: string]>([
    ['no handle', 'c0 04 01 a1 01 61', 'attach has no handle'],
    ['no role', 'c0 05 02 a1 01 61 43', 'attach has no role'],
    ['a number as role', 'c0 06 03 a1 01 61 43 43', 'the role of attach is not a boolean'],
    ['a role of 2', 'c0 07 03 a1 01 61 43 56 02', 'the role of attach is not a boolean'],
    ['a settle mode of 3', 'c0 08 04 a1 01 61 43 42 50 03', '3 is no settle mode'],
    ['a target as source', 'c0 0c 06 a1 01 61 43 42 40 40 00 53 29 45', 'a source expected'],
    [
      'a source as target',
      'c0 0d 07 a1 01 61 43 42 40 40 40 00 53 28 45',
      'a coordinator expected',
    ],
    ['a list as unsettled', 'c0 0b 08 a1 01 61 43 42 40 40 40 40 45', 'unsettled is not a map'],
    [
      'a string as a delivery tag',
      'c0 11 08 a1 01 61 43 42 40 40 40 40 c1 05 02 a1 01 61 40',
      'a delivery tag in unsettled',
    ],
  ])('an attach with %s', (_, bytes, complaint) => {
    expect(() => decode.decodeAttach(...bare(`00 53 12 ${bytes}`))).toThrow(WireError);
    expect(() => decode.decodeAttach(...bare(`00 53 12 ${bytes}`))).toThrow(complaint);
  });

  test('every truncation of an attach', () => {
    const frame = encode.encodeAttach(0, ATTACH);
    for (let end = 8; end < frame.length; end++) {
      expect(() => decode.decodeAttach(frame, 8, end), `cut at ${end}`).toThrow(WireError);
    }
  });

  test('changed bytes throw nothing but WireError', () => {
    const random = new SeededRandom(3);
    const frames = [
      [encode.encodeOpen(0, OPEN), decode.decodeOpen],
      [encode.encodeAttach(0, ATTACH), decode.decodeAttach],
      [encode.encodeDetach(0, { handle: 1, closed: true, error: ERROR }), decode.decodeDetach],
    ] as const;
    for (let round = 0; round < 6000; round++) {
      const [frame, decoder] = random.pick(frames);
      const changed = Buffer.from(frame);
      for (let count = random.between(1, 3); count > 0; count--) {
        changed[random.between(8, changed.length - 1)] = random.below(256);
      }
      try {
        decoder(changed, 8, changed.length);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }
  });
});

test('what is decoded outlives the chunk', () => {
  const attach = { ...ATTACH, properties: symbolMap(['bytes', hex('01 02')]) };
  const frame = encode.encodeAttach(0, attach);
  const decoded = decode.decodeAttach(frame, 8, frame.length);
  frame.fill(0);
  expect(decoded).toEqual(attach);
});

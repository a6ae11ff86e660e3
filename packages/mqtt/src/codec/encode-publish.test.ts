import { OutputBuffer } from '@causeway/wire';
import { type IPublishPacket, parser } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { block, hex, property, publish, u16, u32, userProperty } from '../testing/bytes.js';
import { OutgoingPublish } from './encode-publish.js';
import type { Version } from './types.js';

const USER = userProperty('name', 'value');

interface Options extends Partial<Omit<OutgoingPublish, 'source' | 'measure' | 'write'>> {
  readonly stored?: Buffer;
  readonly hasBlock?: boolean;
}

function encode({ stored = Buffer.from('hello'), hasBlock = false, ...fields }: Options): Buffer {
  const outgoing = new OutgoingPublish();
  Object.assign(outgoing, { topic: Buffer.from('t'), ...fields });
  const padded = Buffer.concat([Buffer.from('<<'), stored, Buffer.from('>>')]);
  outgoing.source(padded, 2, padded.length - 2, hasBlock, fields.borrowed ?? false);
  const out = new OutputBuffer();
  const size = outgoing.measure();
  outgoing.write(out);
  const bytes = Buffer.concat(out.take());
  expect(bytes.length).toBe(size);
  return bytes;
}

function parse(bytes: Buffer, version: Version): IPublishPacket {
  const packets: IPublishPacket[] = [];
  const reader = parser({ protocolVersion: version });
  reader.on('packet', (packet) => packets.push(packet as IPublishPacket));
  reader.parse(bytes);
  expect(packets).toHaveLength(1);
  return packets[0]!;
}

describe('MQTT 3', () => {
  test('at QoS 0', () => {
    expect(encode({ version: 4 })).toEqual(publish({ version: 4, payload: 'hello' }));
  });

  test('at QoS 1 and 2, with their flags', () => {
    const fields = { version: 4, packetId: 0xfffe, duplicate: true, retain: true } as const;
    const wanted = {
      version: 4,
      payload: 'hello',
      id: 0xfffe,
      duplicate: true,
      retain: true,
    } as const;
    expect(encode({ ...fields, qos: 1 })).toEqual(publish({ ...wanted, qos: 1 }));
    expect(encode({ ...fields, qos: 2 })).toEqual(publish({ ...wanted, qos: 2 }));
  });

  test('leaves the properties of MQTT 5 out', () => {
    const stored = Buffer.concat([block(USER), Buffer.from('hello')]);
    const fields = {
      version: 4,
      hasBlock: true,
      stored,
      expirySeconds: 9,
      extra: hex('0b01'),
    } as const;
    expect(encode(fields)).toEqual(publish({ version: 4, payload: 'hello' }));
  });
});

describe('MQTT 5', () => {
  test('without properties', () => {
    expect(encode({ version: 5 })).toEqual(publish({ payload: 'hello' }));
  });

  test('with the properties of the publisher, verbatim', () => {
    const stored = Buffer.concat([block(USER, USER), Buffer.from('hello')]);
    expect(encode({ version: 5, hasBlock: true, stored })).toEqual(
      publish({ payload: 'hello', properties: [USER, USER] }),
    );
  });

  test('with what the broker adds', () => {
    const long = userProperty('n', 'v'.repeat(300));
    const stored = Buffer.concat([block(long), Buffer.from('hello')]);
    const extra = Buffer.concat([property(0x0b, hex('01')), property(0x0b, hex('8001'))]);
    const fields = { hasBlock: true, stored, extra, expirySeconds: 0xfffffffe, topicAlias: 300 };
    const bytes = encode({ version: 5, qos: 1, packetId: 7, ...fields });
    expect(bytes).toEqual(
      publish({
        payload: 'hello',
        qos: 1,
        id: 7,
        properties: [property(0x02, u32(0xfffffffe)), property(0x23, u16(300)), extra, long],
      }),
    );
    expect(parse(bytes, 5).properties).toMatchObject({
      messageExpiryInterval: 0xfffffffe,
      topicAlias: 300,
      subscriptionIdentifier: [1, 128],
    });
  });

  test('under an alias that the client knows', () => {
    const bytes = encode({ version: 5, topicAlias: 2, topicKnown: true });
    expect(bytes).toEqual(
      publish({ topic: '', payload: 'hello', properties: [property(0x23, u16(2))] }),
    );
  });
});

describe('sizes around those where lengths and ways of copying change', () => {
  const sizes = [0, 1, 47, 48, 49, 120, 121, 122, 127, 128, 16_376, 16_377, 16_384, 65_536, 70_000];
  test.each(sizes)('%i bytes', (size) => {
    const stored = Buffer.alloc(size, 'x');
    for (const version of [4, 5] as const) {
      for (const borrowed of [false, true]) {
        const bytes = encode({ version, stored, borrowed });
        expect(bytes.equals(publish({ version, payload: stored }))).toBe(true);
      }
    }
  });

  test('a remaining length of four bytes', () => {
    const stored = Buffer.alloc(2_100_000, 'x');
    expect(parse(encode({ version: 4, stored }), 4).payload).toHaveLength(2_100_000);
  });

  test('a long topic', () => {
    const topic = Buffer.alloc(3000, 't');
    expect(encode({ version: 5, topic })).toEqual(
      publish({ topic: 't'.repeat(3000), payload: 'hello' }),
    );
  });

  test("large bytes that are the message's own go out by reference, borrowed ones are copied", () => {
    for (const borrowed of [false, true]) {
      const bytes = Buffer.alloc(20_000, 'x');
      const outgoing = new OutgoingPublish();
      outgoing.topic = Buffer.from('t');
      outgoing.source(bytes, 0, bytes.length, false, borrowed);
      const out = new OutputBuffer();
      outgoing.measure();
      outgoing.write(out);
      const shares = out.take().some((chunk) => chunk.buffer === bytes.buffer);
      expect(shares).toBe(!borrowed);
    }
  });
});

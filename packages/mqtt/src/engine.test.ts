import { BrokerError, type ErrorCode } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { createTestBroker } from '../../../test/support/test-broker.js';
import {
  connect,
  hex,
  packet,
  prefixed,
  property,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
  u16,
  unsubscribe,
} from './testing/bytes.js';
import { MqttPeer } from './testing/mqtt-peer.js';

describe('input in any pieces', () => {
  const conversation = [
    connect({ keepAlive: 10 }),
    subscribe(1, [['a/+', 2]]),
    publish({ topic: 'a/b', payload: 'zero' }),
    publish({ topic: 'a/b', payload: 'one', qos: 1, id: 2 }),
    publish({ topic: 'a/b', payload: 'x'.repeat(300), qos: 2, id: 3 }),
    pubrel(3),
    puback(1),
    pubrec(2),
    pubcomp(2),
    hex('c000'),
    unsubscribe(4, ['a/+', 'b']),
    publish({ topic: 'a/b', properties: [property(0x23, u16(1))] }),
    publish({ topic: '', properties: [property(0x23, u16(1))] }),
    hex('e000'),
  ];

  async function answers(cut: (bytes: Buffer) => Buffer[]): Promise<string> {
    const peer = new MqttPeer(await createTestBroker());
    for (const piece of cut(Buffer.concat(conversation))) peer.send(piece);
    expect(peer.sink.ended).toBe(true);
    return peer.bytes().toString('hex');
  }

  test('packet by packet and byte by byte give the same answers', async () => {
    const whole = await answers(() => conversation);
    expect(await answers((bytes) => Array.from(bytes, (byte) => Buffer.of(byte)))).toBe(whole);
    for (const size of [2, 3, 7, 64, 301]) {
      const cut = (bytes: Buffer) => {
        const pieces: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
        return pieces;
      };
      expect(await answers(cut), `pieces of ${size}`).toBe(whole);
    }
  });

  test('all at once gives the same packets', async () => {
    const peer = new MqttPeer(await createTestBroker());
    peer.send(...conversation);
    expect(peer.sink.ended).toBe(true);
  });
});

describe('packets larger than allowed', () => {
  const limits = { handshakeBytesMax: 100, frameBytesMax: 200 };

  test('before login, at the edge', async () => {
    const turns = await createTestBroker({ limits });
    const fits = connect({ clientId: 'c'.repeat(100 - connect({ clientId: '' }).length) });
    expect(fits).toHaveLength(100);
    expect(new MqttPeer(turns).send(fits).sink.loggedIn).toBe(true);
    const peer = new MqttPeer(turns).send(hex('10 63'));
    expect(peer.sink.ended).toBe(true);
    expect(new MqttPeer(turns).send(hex('10 62')).sink.ended).toBe(false);
  });

  test('after login, at the edge, from the header alone', async () => {
    const turns = await createTestBroker({ limits });
    const peer = new MqttPeer(turns);
    peer.login();
    const overhead = publish({ payload: 'x'.repeat(180) }).length - 180;
    peer.send(publish({ qos: 0, payload: 'x'.repeat(200 - overhead) }));
    expect(peer.sink.ended).toBe(false);
    peer.send(hex('30 c6 01'));
    expect(peer.summary()).toEqual(['disconnect 0x95']);
    expect(peer.sink.ended).toBe(true);
  });
});

describe('fixed headers', () => {
  test.each([
    ['a remaining length of five bytes', hex('30 80 80 80 80 01'), 0x81],
    ['[MQTT-1.5.5-1] a padded remaining length', hex('c0 80 00'), 0x81],
    ['[MQTT-2.1.3-1] flags of PINGREQ', hex('c1 00'), 0x81],
    ['[MQTT-2.1.3-1] flags of PUBACK', hex('41 02 00 01'), 0x81],
    ['[MQTT-3.6.1-1] flags of PUBREL', hex('60 02 00 01'), 0x81],
    ['[MQTT-3.8.1-1] flags of SUBSCRIBE', hex('80 02 00 01'), 0x81],
    ['[MQTT-3.10.1-1] flags of UNSUBSCRIBE', hex('a0 02 00 01'), 0x81],
    ['[MQTT-3.14.1-1] flags of DISCONNECT', hex('e1 00'), 0x81],
    ['a body of PINGREQ', hex('c0 01 00'), 0x81],
    ['packet type 0', hex('00 00'), 0x82],
    ['CONNACK from a client', hex('20 02 00 00'), 0x82],
    ['SUBACK from a client', hex('90 03 00 01 00'), 0x82],
    ['PINGRESP from a client', hex('d0 00'), 0x82],
    ['[MQTT-3.1.0-2] a second CONNECT', connect(), 0x82],
    ['AUTH without an authentication method', hex('f0 00'), 0x82],
  ])('%s', async (_, bytes, reason) => {
    const peer = new MqttPeer(await createTestBroker());
    peer.login();
    peer.send(bytes);
    expect(peer.packets()).toMatchObject([{ cmd: 'disconnect', reasonCode: reason }]);
    expect(peer.sink.ended).toBe(true);
  });

  test('MQTT 3 has no words for it, and takes padded lengths', async () => {
    const peer = new MqttPeer(await createTestBroker());
    peer.login({ version: 4 });
    peer.send(hex('c0 80 00'));
    expect(peer.summary()).toEqual(['pingresp']);
    peer.send(hex('c1 00'));
    expect(peer.bytes()).toHaveLength(0);
    expect(peer.sink.ended).toBe(true);
  });

  test('MQTT 3.1 has DUP flags where later versions have none', async () => {
    const peer = new MqttPeer(await createTestBroker());
    peer.login({ version: 3 });
    peer.send(packet(0x8a, u16(1), prefixed('a'), hex('00')));
    expect(peer.summary()).toEqual(['suback 1']);
  });

  test('[MQTT-3.1.0-1] anything before CONNECT closes at its first byte', async () => {
    const turns = await createTestBroker();
    for (const first of ['30', 'c0', 'e0', 'f0', '00', 'ff']) {
      const peer = new MqttPeer(turns).send(hex(`${first}05`));
      expect(peer.sink.ended, first).toBe(true);
      expect(peer.bytes()).toHaveLength(0);
    }
  });
});

describe('silence', () => {
  test('[MQTT-3.1.2-22] of more than one and a half times the keep-alive ends the connection', async () => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns);
    peer.login({ keepAlive: 10 });
    turns.advance(15_000);
    peer.engine.tick(0);
    expect(peer.sink.ended).toBe(false);
    peer.send(hex('c000'));
    peer.packets();
    turns.advance(15_001);
    peer.engine.tick(0);
    expect(peer.summary()).toEqual(['disconnect 0x8d']);
    expect(peer.sink.ended).toBe(true);
  });

  test('that the broker asked for does not count', async () => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns);
    peer.login({ keepAlive: 10 });
    peer.sink.held = true;
    turns.advance(60_000);
    peer.engine.tick(0);
    peer.sink.held = false;
    turns.advance(15_000);
    peer.engine.tick(0);
    expect(peer.sink.ended).toBe(false);
  });

  test('does not matter without a keep-alive, or before CONNECT', async () => {
    const turns = await createTestBroker();
    const [peer, mute] = [new MqttPeer(turns), new MqttPeer(turns)];
    peer.login({ keepAlive: 0 });
    turns.advance(1e9);
    for (const { engine } of [peer, mute]) engine.tick(0);
    expect([peer.sink.ended, mute.sink.ended]).toEqual([false, false]);
  });
});

describe('the broker ends a connection', () => {
  const codes: [ErrorCode, number, number, number | null][] = [
    ['shutting-down', 0x8b, 0x88, 3],
    ['administrative', 0x98, 0x88, 3],
    ['server-busy', 0x89, 0x89, 3],
    ['timed-out', 0x8d, 0x80, null],
  ];

  test.each(codes)('%s', async (code, disconnect) => {
    const peer = new MqttPeer(await createTestBroker());
    peer.login();
    peer.engine.closeWith(new BrokerError(code, 'because'));
    expect(peer.packets()).toMatchObject([
      { cmd: 'disconnect', reasonCode: disconnect, properties: { reasonString: 'because' } },
    ]);
    expect(peer.sink.ended).toBe(true);
    peer.engine.closeWith(new BrokerError(code, 'again'));
    expect(peer.bytes()).toHaveLength(0);
  });

  test('of MQTT 3 without a word', async () => {
    const peer = new MqttPeer(await createTestBroker());
    peer.login({ version: 4 });
    peer.engine.closeWith(new BrokerError('shutting-down', 'bye'));
    expect(peer.bytes()).toHaveLength(0);
    expect(peer.sink.ended).toBe(true);
  });

  test('that has not said anything', async () => {
    const peer = new MqttPeer(await createTestBroker());
    peer.engine.closeWith(new BrokerError('timed-out', 'too slow'));
    expect(peer.bytes()).toHaveLength(0);
    expect(peer.sink.ended).toBe(true);
  });

  test('because its session was deleted', async () => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns);
    peer.login({ clientId: 'c' });
    turns.broker.deleteQueue(turns.broker.findSubscriptionQueue('mqtt:c')!);
    expect(peer.summary()).toEqual(['disconnect 0x98']);
  });

  test('a reason string does not make the packet larger than the client takes', async () => {
    const peer = new MqttPeer(await createTestBroker());
    peer.login({ properties: [property(0x27, hex('00000020'))] });
    peer.engine.closeWith(new BrokerError('shutting-down', 'x'.repeat(100)));
    expect(peer.bytes().toString('hex')).toBe('e0028b00');
  });
});

test('sniffing tells MQTT by its first byte', async () => {
  const { mqttProtocol } = await import('./index.js');
  expect(mqttProtocol.sniff(Buffer.alloc(0))).toBe('more');
  expect(mqttProtocol.sniff(hex('10'))).toBe('yes');
  expect(mqttProtocol.sniff(Buffer.from('CONNECT'))).toBe('no');
  expect(mqttProtocol.sniff(hex('16'))).toBe('no');
});

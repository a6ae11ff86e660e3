import { type Authenticator, BrokerError, type Principal } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { createTestBroker } from '../../../test/support/test-broker.js';
import {
  block,
  connect,
  hex,
  packet,
  prefixed,
  property,
  publish,
  subscribe,
  u16,
  u32,
} from './testing/bytes.js';
import { MqttPeer, OPEN_DOOR } from './testing/mqtt-peer.js';

const CREDENTIALS = { flags: 0xc2, payload: [prefixed('ann'), prefixed('secret')] };
const LASTING = property(0x11, u32(1000));

/** Logins that wait until the test decides. */
class Door implements Authenticator {
  readonly anonymous = false;
  readonly asked: [string, string][] = [];
  admit: (principal: Principal | null) => void = () => {};
  fail: (error: unknown) => void = () => {};

  password(name: string, password: Buffer): Promise<Principal | null> {
    this.asked.push([name, password.toString()]);
    return new Promise((resolve, reject) => {
      this.admit = resolve;
      this.fail = reject;
    });
  }
  certificate(): null {
    return null;
  }
  startScram(): never {
    throw new Error('nobody here has SCRAM keys');
  }
}

const ANN: Principal = { name: 'ann', groups: new Set() };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a password is checked', () => {
  test('while what follows waits', async () => {
    const turns = await createTestBroker();
    const door = new Door();
    const peer = new MqttPeer(turns, door);
    peer.send(connect(CREDENTIALS), subscribe(1, [['a', 0]]).subarray(0, 4));
    peer.send(subscribe(1, [['a', 0]]).subarray(4)).send(hex('c0'));
    expect(door.asked).toEqual([['ann', 'secret']]);
    expect(peer.sink.pauses).toBe(1);
    expect(peer.bytes()).toHaveLength(0);
    door.admit(ANN);
    await settled();
    turns.run();
    expect(peer.sink).toMatchObject({ pauses: 0, loggedIn: true });
    expect(peer.summary()).toEqual(['connack', 'suback 1']);
    expect(peer.send(hex('00')).summary()).toEqual(['pingresp']);
  });

  test.each([
    [4, '20020004'],
    [5, 0x86],
  ] as const)('and is wrong, level %i', async (version, answer) => {
    const turns = await createTestBroker();
    const door = new Door();
    const peer = new MqttPeer(turns, door).send(connect({ ...CREDENTIALS, version }));
    door.admit(null);
    await settled();
    const bytes = peer.bytes();
    if (typeof answer === 'string') expect(bytes.toString('hex')).toBe(answer);
    else expect(bytes[3]).toBe(answer);
    expect(peer.sink).toMatchObject({ ended: true, loggedIn: false, pauses: 0 });
    expect(turns.broker.metrics.loginsRefused).toBe(1);
    const { event, fields } = turns.logLines.find(({ level }) => level === 'audit')!;
    expect([event, fields.user]).toEqual(['login-refused', 'ann']);
    expect(JSON.stringify(turns.logLines)).not.toContain('secret');
  });

  test.each([
    [new BrokerError('server-busy', 'later'), 3, 0x89],
    [new Error('a disk is gone'), 3, 0x88],
  ])('and that fails: %s', async (error, legacy, reason) => {
    for (const version of [4, 5] as const) {
      const door = new Door();
      const peer = new MqttPeer(await createTestBroker(), door);
      peer.send(connect({ ...CREDENTIALS, version }));
      door.fail(error);
      await settled();
      expect(peer.bytes()[3]).toBe(version === 4 ? legacy : reason);
      expect(peer.sink.ended).toBe(true);
    }
  });

  test('while the client goes away', async () => {
    const turns = await createTestBroker();
    const door = new Door();
    const peer = new MqttPeer(turns, door).send(connect(CREDENTIALS));
    peer.drop();
    door.admit(ANN);
    await settled();
    expect(peer.bytes()).toHaveLength(0);
    expect(turns.broker.connections.size).toBe(0);
  });

  test('while the client sends more than may wait', async () => {
    const turns = await createTestBroker({ limits: { handshakeBytesMax: 200 } });
    const door = new Door();
    const peer = new MqttPeer(turns, door).send(connect(CREDENTIALS));
    peer.send(publish({ payload: 'x'.repeat(150) }));
    expect(peer.sink.ended).toBe(false);
    peer.send(publish({ payload: 'x'.repeat(150) }));
    expect(peer.sink.ended).toBe(true);
    door.admit(ANN);
    await settled();
    expect(turns.broker.connections.size).toBe(0);
  });
});

describe('who needs no password', () => {
  test('has a certificate', async () => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns, new Door());
    peer.sink.certificatePrincipal = ANN;
    peer.login();
    const [connection] = turns.broker.connections;
    expect(connection!.info.principal).toBe(ANN);
  });

  test('comes where nobody needs one', async () => {
    const turns = await createTestBroker();
    new MqttPeer(turns, OPEN_DOOR).login();
    const [connection] = turns.broker.connections;
    expect(connection!.info.principal.name).toBe('anonymous');
  });

  test.each([
    [4, 5],
    [5, 0x87],
  ] as const)('is not everybody, level %i', async (version, code) => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns, new Door()).send(connect({ version }));
    expect(peer.bytes()[3]).toBe(code);
    expect(turns.broker.metrics.loginsRefused).toBe(1);
  });
});

describe('versions', () => {
  test.each([
    ['MQTT', 6, '84'],
    ['MQTT', 255, '84'],
    ['MQTT', 3, '20020001'],
    ['MQIsdp', 4, '20020001'],
  ])('[MQTT-3.1.2-2] %s at level %i', async (name, level, answer) => {
    const peer = new MqttPeer(await createTestBroker());
    peer.send(packet(0x10, prefixed(name), Buffer.of(level, 2), u16(0), prefixed('c')));
    const bytes = peer.bytes();
    if (answer.length > 2) expect(bytes.toString('hex')).toBe(answer);
    else expect(bytes.subarray(0, 4).toString('hex').slice(6)).toBe(answer);
    expect(peer.sink.ended).toBe(true);
  });

  test('[MQTT-3.1.2-1] another protocol gets no answer', async () => {
    const peer = new MqttPeer(await createTestBroker());
    peer.send(packet(0x10, prefixed('XMPP'), Buffer.of(4, 2), u16(0), prefixed('c')));
    expect(peer.bytes()).toHaveLength(0);
    expect(peer.sink.ended).toBe(true);
  });
});

describe('a broker that does not serve', () => {
  test.each([
    [4, 3],
    [5, 0x89],
  ] as const)('says so, level %i', async (version, code) => {
    const turns = await createTestBroker();
    turns.broker.role = 'stopping';
    const peer = new MqttPeer(turns).send(connect({ version }));
    expect(peer.bytes()[3]).toBe(code);
    expect(peer.sink.ended).toBe(true);
  });

  test.each([
    [4, 3],
    [5, 0x9c],
  ] as const)('a standby says who does, level %i', async (version, code) => {
    const turns = await createTestBroker();
    turns.broker.role = 'standby';
    Object.assign(turns.broker, { elsewhere: (listener: string) => `${listener}.example:1883` });
    const peer = new MqttPeer(turns).send(connect({ version }));
    const bytes = peer.bytes();
    expect(bytes[3]).toBe(code);
    // MQTT 5 3.2.2.3.16: the Server Reference.
    expect(bytes.includes('\x1c\x00\x11mqtt.example:1883')).toBe(version === 5);
    expect(peer.sink.ended).toBe(true);
  });

  test('because a user has too many connections', async () => {
    const turns = await createTestBroker({ limits: { connectionsPerUserMax: 1 } });
    new MqttPeer(turns).login({ clientId: 'a' });
    expect(new MqttPeer(turns).login({ clientId: 'b' })).toMatchObject({ reasonCode: 0x97 });
    expect(turns.broker.connections.size).toBe(1);
  });
});

describe('client identifiers', () => {
  test.each([
    [3, 2, '20020002'],
    [4, 0, '20020002'],
    [4, 2, '20020000'],
  ] as const)('level %i, flags %i: none', async (version, flags, answer) => {
    const peer = new MqttPeer(await createTestBroker());
    peer.send(connect({ version, flags, clientId: '' }));
    expect(peer.bytes().toString('hex')).toBe(answer);
  });

  test('[MQTT-3.1.3-6] [MQTT-3.2.2-16] MQTT 5 is told which one it was given', async () => {
    const connack = new MqttPeer(await createTestBroker()).login({ clientId: '', flags: 0 });
    const { properties } = connack as { properties?: { assignedClientIdentifier?: string } };
    expect(properties?.assignedClientIdentifier).toMatch(/^auto-[0-9a-f]{32}$/);
  });
});

describe('CONNACK of MQTT 5', () => {
  const answer = async (limits: Parameters<typeof createTestBroker>[0], ...properties: Buffer[]) =>
    (
      new MqttPeer(await createTestBroker(limits)).login({
        properties,
        keepAlive: 100,
      }) as unknown as {
        properties: Record<string, unknown>;
      }
    ).properties;

  test('names what differs from the defaults', async () => {
    const limits = { keepAliveSecondsMax: 60, receiveMaximum: 5, topicAliasMax: 3 };
    expect(await answer({ limits: { ...limits, frameBytesMax: 5000 } })).toEqual({
      maximumPacketSize: 5000,
      receiveMaximum: 5,
      topicAliasMaximum: 3,
      serverKeepAlive: 60,
    });
  });

  test('lowers what is too long', async () => {
    const limits = { sessionExpiryMsMax: 50_000 };
    expect(await answer({ limits }, property(0x11, u32(0xffffffff)))).toMatchObject({
      sessionExpiryInterval: 50,
    });
    expect(await answer({ limits }, property(0x11, u32(50)))).not.toHaveProperty(
      'sessionExpiryInterval',
    );
  });

  test('offers a place for responses to those who ask', async () => {
    expect(await answer({}, property(0x19, hex('01')))).toMatchObject({
      responseInformation: 'responses/client',
    });
    expect(await answer({})).not.toHaveProperty('responseInformation');
  });

  test('[MQTT-3.1.2-24] that the client would not take ends the connection', async () => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns).send(
      connect({ properties: [LASTING, property(0x27, u32(8))] }),
    );
    expect(peer.bytes()).toEqual(hex('20 03 00 95 00'));
    expect(turns.broker.connections.size).toBe(0);
    expect(peer.sink.ended).toBe(true);
  });
});

describe('wills', () => {
  const will = (topic: string, qos = 0, ...properties: Buffer[]) => ({
    flags: 0x06 | (qos << 3),
    payload: [block(...properties), prefixed(topic), prefixed('bye')],
  });

  test.each([
    ['a/+', 0x90],
    ['$SYS/x', 0x87],
    ['closed', 0x87],
  ])('for %s are refused', async (topic, reason) => {
    const authorizer = {
      allows: (_: unknown, __: unknown, { name }: { name: string }) => name !== 'closed',
    };
    const turns = await createTestBroker({ authorizer });
    expect(new MqttPeer(turns).login(will(topic))).toMatchObject({ reasonCode: reason });
    expect(turns.broker.connections.size).toBe(0);
    expect(turns.broker.sessionCount).toBe(0);
  });

  test('that are not the text they claim to be are refused', async () => {
    const options = {
      flags: 6,
      payload: [block(property(1, hex('01'))), prefixed('t'), prefixed(hex('ff'))],
    };
    expect(new MqttPeer(await createTestBroker()).login(options)).toMatchObject({
      reasonCode: 0x99,
    });
  });

  test('are sent with what was left of their expiry', async () => {
    const turns = await createTestBroker();
    const reader = new MqttPeer(turns);
    reader.login({ clientId: 'reader' });
    reader.send(subscribe(1, [['gone', 1]])).packets();
    const peer = new MqttPeer(turns);
    peer.login({
      ...will('gone', 1, property(0x18, u32(5)), property(0x02, u32(60))),
      properties: [LASTING],
    });
    turns.advance(1000);
    peer.drop();
    turns.advance(4999);
    expect(reader.packets()).toEqual([]);
    turns.advance(2);
    expect(reader.packets()).toMatchObject([
      { cmd: 'publish', topic: 'gone', qos: 1, properties: { messageExpiryInterval: 60 } },
    ]);
  });
});

describe('a client identifier that is in use', () => {
  test('[MQTT-3.1.4-3] is taken over', async () => {
    const turns = await createTestBroker();
    const [first, second] = [new MqttPeer(turns), new MqttPeer(turns)];
    first.login({ clientId: 'c', flags: 0, properties: [LASTING] });
    expect(second.login({ clientId: 'c', flags: 0, properties: [LASTING] })).toMatchObject({
      sessionPresent: true,
    });
    expect(first.summary()).toEqual(['disconnect 0x8e']);
    expect(first.sink.ended).toBe(true);
    first.drop();
    expect(turns.broker.connections.size).toBe(1);
    expect(second.send(hex('c000')).summary()).toEqual(['pingresp']);
  });

  test('by another user does not give away what waits for it', async () => {
    const turns = await createTestBroker();
    const session = { clientId: 'c', flags: 0xc0, properties: [LASTING] };
    const as = async (name: string) => {
      const peer = new MqttPeer(turns);
      peer.send(connect({ ...session, payload: [prefixed(name), prefixed('')] }));
      await settled();
      turns.run();
      return peer;
    };
    const ann = await as('ann');
    ann.send(subscribe(1, [['a', 1]]));
    ann.drop();
    new MqttPeer(turns).send(connect({ clientId: 'p' }), publish({ topic: 'a', qos: 1 }));
    const bob = await as('bob');
    expect(bob.packets()).toMatchObject([{ cmd: 'connack', sessionPresent: false }]);
    bob.drop();
    const again = await as('bob');
    expect(again.packets()).toMatchObject([{ cmd: 'connack', sessionPresent: true }]);
  });
});

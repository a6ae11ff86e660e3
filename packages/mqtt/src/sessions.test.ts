import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../../../test/support/test-broker.js';
import {
  hex,
  property,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
  u16,
  u32,
  unsubscribe,
} from './testing/bytes.js';
import { MqttPeer } from './testing/mqtt-peer.js';

const LASTING = [property(0x11, u32(1000))];

function open(turns: TestBroker, clientId = 'c', version: 4 | 5 = 5): [MqttPeer, unknown] {
  const peer = new MqttPeer(turns);
  const properties = version === 5 ? LASTING : [];
  const connack = peer.login({ version, clientId, flags: 0, properties });
  return [peer, (connack as { sessionPresent?: boolean }).sessionPresent];
}

/** Sends from a client whose session ends with its connection. */
function deliver(turns: TestBroker, ...packets: Buffer[]): void {
  const sender = new MqttPeer(turns);
  sender.login({ clientId: 'sender' });
  sender.send(...packets, hex('e000'));
}

/** Commits that wait become durable, one after the other. */
function commitAll(turns: TestBroker): void {
  while (turns.completeCommit()) turns.run();
}

describe('[MQTT-4.4.0-1] what was not acknowledged is sent again when the client comes back', () => {
  async function interrupted(): Promise<[TestBroker, MqttPeer]> {
    const turns = await createTestBroker();
    const [peer] = open(turns);
    peer.send(subscribe(1, [['t', 2]])).packets();
    for (const id of [1, 2, 3, 4])
      deliver(turns, publish({ payload: `${id}`, qos: 1 + (id % 2), id }));
    expect(peer.summary()).toEqual([
      'publish t 1 qos2 1',
      'publish t 2 qos1 2',
      'publish t 3 qos2 3',
      'publish t 4 qos1 4',
    ]);
    peer.send(pubrec(3), puback(2));
    expect(peer.summary()).toEqual(['pubrel 3']);
    return [turns, peer];
  }

  test('under the same identifiers, with DUP, in order', async () => {
    const [turns, peer] = await interrupted();
    peer.drop();
    const [again, present] = open(turns);
    expect(present).toBe(true);
    expect(again.summary()).toEqual([
      'pubrel 3',
      'publish t 1 qos2 1 dup',
      'publish t 4 qos1 4 dup',
    ]);
    again.send(puback(4), pubrec(1), pubcomp(3));
    expect(again.summary()).toEqual(['pubrel 1']);
    again.send(pubcomp(1));
    expect(turns.broker.findSubscriptionQueue('mqtt:c')!.length).toBe(0);
    deliver(turns, publish({ payload: 'new', qos: 1 }));
    expect(again.summary()).toEqual(['publish t new qos1 5']);
  });

  test('again and again', async () => {
    const [turns, first] = await interrupted();
    let peer = first;
    for (let round = 0; round < 5; round++) {
      peer.drop();
      [peer] = open(turns);
      expect(peer.summary()).toEqual([
        'pubrel 3',
        'publish t 1 qos2 1 dup',
        'publish t 4 qos1 4 dup',
      ]);
    }
    peer.send(pubrec(1), pubcomp(3), puback(4)).send(pubcomp(1));
    peer.drop();
    [peer] = open(turns);
    expect(peer.summary()).toEqual([]);
  });

  test('after a crash of the broker, QoS 2 under the same identifiers', async () => {
    const [turns] = await interrupted();
    await turns.crash();
    const [again, present] = open(turns);
    expect(present).toBe(true);
    const summary = again.summary();
    expect(summary).toContain('pubrel 3');
    expect(summary).toContain('publish t 1 qos2 1 dup');
    expect(summary.filter((line) => line.startsWith('publish t 4 qos1'))).toHaveLength(1);
    expect(summary).toHaveLength(3);
    again.send(pubrec(1), pubcomp(3));
    expect(again.summary()).toEqual(['pubrel 1']);
    again.send(pubcomp(1));
    await turns.crash();
    const [third] = open(turns);
    expect(third.summary().every((line) => line.startsWith('publish t 4 qos1'))).toBe(true);
  });

  test('within what the client takes at a time', async () => {
    const [turns, peer] = await interrupted();
    peer.drop();
    const again = new MqttPeer(turns);
    const properties = [...LASTING, property(0x21, u16(1))];
    again.login({ clientId: 'c', flags: 0, properties });
    expect(again.summary()).toEqual(['pubrel 3', 'publish t 1 qos2 1 dup']);
    again.send(pubcomp(3));
    expect(again.summary()).toEqual([]);
    again.send(pubrec(1)).send(pubcomp(1));
    expect(again.summary()).toEqual(['pubrel 1', 'publish t 4 qos1 4 dup']);
  });

  test('but not when a new session begins', async () => {
    const [turns, peer] = await interrupted();
    peer.drop();
    const again = new MqttPeer(turns);
    again.login({ clientId: 'c', flags: 2, properties: LASTING });
    expect(again.summary()).toEqual([]);
    again.send(pubrec(1));
    expect(again.summary()).toEqual(['pubrel 1 0x92']);
  });

  test('by MQTT 3.1.1 and MQTT 5 alike', async () => {
    const [turns, peer] = await interrupted();
    peer.drop();
    const [old, present] = open(turns, 'c', 4);
    expect(present).toBe(true);
    expect(old.summary()).toEqual(['pubrel 3', 'publish t 1 qos2 1 dup', 'publish t 4 qos1 4 dup']);
  });
});

describe('one durability road', () => {
  test('no acknowledgement before its commit, and all in the order of the requests', async () => {
    const turns = await createTestBroker({ autoCommit: false });
    const [reader] = open(turns, 'reader');
    reader.send(subscribe(1, [['t', 2]]));
    const [peer] = open(turns);
    expect(reader.summary()).toEqual([]);
    peer.send(
      publish({ payload: 'a', qos: 1, id: 1 }),
      publish({ payload: 'b', qos: 2, id: 2 }),
      publish({ topic: 'nobody', qos: 1, id: 3 }),
      subscribe(4, [['x', 0]]),
      unsubscribe(5, ['x']),
      publish({ payload: 'c', qos: 1, id: 6 }),
    );
    expect(peer.summary()).toEqual([]);
    commitAll(turns);
    expect(peer.summary()).toEqual([
      'puback 1',
      'pubrec 2',
      'puback 3 0x10',
      'suback 4',
      'unsuback 5',
      'puback 6',
    ]);
    expect(reader.summary()).toEqual([
      'suback 1',
      'publish t a qos1 1',
      'publish t b qos2 2',
      'publish t c qos1 3',
    ]);
    peer.send(pubrel(2));
    expect(peer.summary()).toEqual([]);
    commitAll(turns);
    expect(peer.summary()).toEqual(['pubcomp 2']);
  });

  test('a QoS 2 PUBLISH leaves when its identifier is durable, its PUBREL when PUBREC is', async () => {
    const turns = await createTestBroker({ autoCommit: false });
    const [peer] = open(turns);
    peer.send(subscribe(1, [['t', 2]]));
    commitAll(turns);
    peer.packets();
    turns.autoCommit = false;
    deliver(turns, publish({ payload: 'x', qos: 2, id: 9 }));
    expect(peer.summary()).toEqual([]);
    turns.completeCommit();
    turns.run();
    expect(peer.summary()).toEqual([]);
    commitAll(turns);
    expect(peer.summary()).toEqual(['publish t x qos2 1']);
    peer.send(pubrec(1));
    expect(peer.summary()).toEqual([]);
    commitAll(turns);
    expect(peer.summary()).toEqual(['pubrel 1']);
  });

  test('what was not durable in a crash is done again under another or the same identifier', async () => {
    const turns = await createTestBroker({ autoCommit: false });
    const [peer] = open(turns);
    peer.send(subscribe(1, [['t', 2]]));
    commitAll(turns);
    deliver(turns, publish({ payload: 'x', qos: 2, id: 9 }));
    turns.completeCommit();
    turns.run();
    // The message is stored, the identifier is not: the PUBLISH has not left.
    await turns.crash();
    turns.autoCommit = true;
    const [again] = open(turns);
    expect(again.summary()).toEqual(['publish t x qos2 1']);
  });

  test('the client went away before the commit', async () => {
    const turns = await createTestBroker({ autoCommit: false });
    const [peer] = open(turns);
    peer.send(subscribe(1, [['t', 2]]), publish({ qos: 1 }), publish({ qos: 2, id: 2 }));
    peer.drop();
    commitAll(turns);
    expect(peer.bytes()).toHaveLength(0);
  });
});

describe('QoS 2 publishes of the client', () => {
  test('[MQTT-4.3.3-10] are published once, over connections and crashes', async () => {
    const turns = await createTestBroker();
    const [reader] = open(turns, 'reader');
    reader.send(subscribe(1, [['t', 0]])).packets();
    const [first] = open(turns);
    first.send(publish({ payload: 'once', qos: 2, id: 7 }));
    expect(first.summary()).toEqual(['pubrec 7']);
    first.drop();
    const [second] = open(turns);
    second.send(publish({ payload: 'once', qos: 2, id: 7, duplicate: true }));
    expect(second.summary()).toEqual(['pubrec 7']);
    expect(reader.summary()).toEqual(['publish t once qos0']);
    await turns.crash();
    const [third] = open(turns);
    third.send(publish({ payload: 'once', qos: 2, id: 7, duplicate: true }), pubrel(7));
    expect(third.summary()).toEqual(['pubrec 7', 'pubcomp 7']);
    third.send(pubrel(7));
    expect(third.summary()).toEqual(['pubcomp 7 0x92']);
  });

  test('of MQTT 3 that are refused are acknowledged to the end', async () => {
    const turns = await createTestBroker({ authorizer: { allows: () => false } });
    const [peer] = open(turns, 'c', 4);
    peer.send(publish({ version: 4, qos: 2, id: 3 }), publish({ version: 4, qos: 1, id: 4 }));
    expect(peer.summary()).toEqual(['pubrec 3', 'puback 4']);
    expect(peer.send(pubrel(3)).summary()).toEqual(['pubcomp 3']);
  });

  test('[MQTT-3.3.4-7] count until PUBCOMP', async () => {
    const turns = await createTestBroker({ limits: { receiveMaximum: 2 } });
    const [peer] = open(turns);
    for (let id = 1; id <= 20; id++) {
      peer.send(publish({ qos: 2, id }), publish({ qos: 1, id: 100 + id }), pubrel(id));
    }
    expect(peer.sink.ended).toBe(false);
    peer.packets();
    peer
      .send(publish({ qos: 2, id: 1 }), publish({ qos: 2, id: 2 }))
      .send(publish({ qos: 2, id: 3 }));
    expect(peer.summary()).toEqual(['pubrec 1 0x10', 'pubrec 2 0x10', 'disconnect 0x93']);
  });
});

describe('the end of a session', () => {
  test('is what DISCONNECT says', async () => {
    const turns = await createTestBroker();
    const [peer] = open(turns);
    peer.send(subscribe(1, [['t', 1]]), Buffer.concat([hex('e0 07 00 05 11'), u32(5)]));
    expect(turns.broker.sessionCount).toBe(1);
    turns.advance(5001);
    expect(turns.broker.sessionCount).toBe(0);
  });

  test('cannot be put off by DISCONNECT when it was to be at once', async () => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns);
    peer.login();
    peer.send(Buffer.concat([hex('e0 07 00 05 11'), u32(5)]));
    expect(peer.summary()).toEqual(['disconnect 0x82']);
    expect(turns.broker.sessionCount).toBe(0);
  });

  test('[MQTT-3.1.2-5] may come earlier on a later connection', async () => {
    const turns = await createTestBroker();
    const [peer] = open(turns);
    peer.send(subscribe(1, [['t', 1]]));
    peer.drop();
    deliver(turns, publish({ payload: 'x', qos: 1 }));
    const last = new MqttPeer(turns);
    expect(last.login({ clientId: 'c', flags: 0 })).toMatchObject({ sessionPresent: true });
    expect(last.summary()).toEqual(['publish t x qos1 1']);
    last.drop();
    turns.advance(2);
    expect(turns.broker.sessionCount).toBe(0);
  });
});

describe('[MQTT-4.3.3-7] a message that expires while the client is away', () => {
  const expiring = (qos: number) =>
    publish({ payload: 'x', qos, properties: [property(0x02, u32(5))] });

  test.each([1, 2])('is sent again at QoS %i if it was sent before', async (qos) => {
    const turns = await createTestBroker();
    const [peer] = open(turns);
    peer.send(subscribe(1, [['t', 2]])).packets();
    deliver(turns, expiring(qos));
    expect(peer.summary()).toEqual([`publish t x qos${qos} 1`]);
    peer.drop();
    turns.advance(20_000);
    const [again] = open(turns);
    expect(again.summary()).toEqual([`publish t x qos${qos} 1 dup`]);
  });

  test('is not sent if it never was', async () => {
    const turns = await createTestBroker();
    const [peer] = open(turns);
    peer.send(subscribe(1, [['t', 2]]));
    peer.drop();
    deliver(turns, expiring(2));
    turns.advance(20_000);
    const [again] = open(turns);
    expect(again.summary()).toEqual([]);
  });
});

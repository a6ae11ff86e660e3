import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../../../test/support/test-broker.js';
import {
  hex,
  property,
  puback,
  pubcomp,
  publish,
  pubrec,
  subscribe,
  u32,
  unsubscribe,
} from './testing/bytes.js';
import { MqttPeer } from './testing/mqtt-peer.js';

const LASTING = [property(0x11, u32(1000))];

interface MemberOptions {
  readonly lasting?: boolean;
  readonly qos?: number;
  readonly filter?: string;
}

function connectAs(turns: TestBroker, clientId: string, lasting = false): MqttPeer {
  const peer = new MqttPeer(turns);
  peer.login({ clientId, flags: lasting ? 0 : 2, properties: lasting ? LASTING : [] });
  return peer;
}

function member(turns: TestBroker, clientId: string, options: MemberOptions = {}): MqttPeer {
  const { lasting = false, qos = 2, filter = '$share/g/t' } = options;
  const peer = connectAs(turns, clientId, lasting);
  peer.send(subscribe(1, [[filter, qos]])).packets();
  return peer;
}

function deliver(turns: TestBroker, topic: string, ...payloads: string[]): void {
  const sender = connectAs(turns, 'sender');
  const packets = payloads.map((payload, index) =>
    publish({ topic, payload, qos: 2, id: index + 1 }),
  );
  sender.send(...packets, hex('e000'));
}

const groupQueue = (turns: TestBroker) => turns.broker.findSubscriptionQueue('mqtt-share:g/t');

describe('shared subscriptions', () => {
  test('give each message to one member', async () => {
    const turns = await createTestBroker();
    const members = ['a', 'b', 'c'].map((name) => member(turns, name, { qos: 0 }));
    deliver(turns, 't', '1', '2', '3', '4', '5', '6');
    const counts = members.map((peer) => peer.packets().length);
    expect(counts).toEqual([2, 2, 2]);
  });

  test('of two groups, and none, are independent', async () => {
    const turns = await createTestBroker();
    const peers = ['$share/g/t', '$share/h/t', 't'].map((filter) =>
      member(turns, filter.replaceAll('/', '-'), { filter, qos: 0 }),
    );
    deliver(turns, 't', 'x');
    for (const peer of peers) expect(peer.summary()).toEqual(['publish t x qos0']);
  });

  test('[MQTT-3.8.3-4] with No Local are a protocol error', async () => {
    const peer = connectAs(await createTestBroker(), 'c');
    peer.send(subscribe(1, [['$share/g/t', 4]]));
    expect(peer.summary()).toEqual(['disconnect 0x82']);
  });

  test('[MQTT-3.3.1-13] bring no retained messages', async () => {
    const turns = await createTestBroker();
    connectAs(turns, 'p').send(publish({ payload: 'kept', retain: true }));
    expect(member(turns, 'c').packets()).toEqual([]);
  });

  test('are kept by sessions, over connections and restarts', async () => {
    const turns = await createTestBroker();
    member(turns, 'c', { lasting: true }).drop();
    deliver(turns, 't', '1');
    await turns.restart();
    deliver(turns, 't', '2');
    const peer = connectAs(turns, 'c', true);
    expect(peer.summary()).toEqual(['publish t 1 qos2 1', 'publish t 2 qos2 2']);
  });

  test('change their options when subscribed again', async () => {
    const turns = await createTestBroker();
    const peer = member(turns, 'c', { qos: 2 });
    peer.send(subscribe(2, [['$share/g/t', 0]], 5, [property(0x0b, hex('05'))])).packets();
    deliver(turns, 't', 'x');
    expect(peer.packets()).toMatchObject([{ qos: 0, properties: { subscriptionIdentifier: 5 } }]);
  });

  test('end with UNSUBSCRIBE', async () => {
    const turns = await createTestBroker();
    const peer = member(turns, 'c');
    peer.send(unsubscribe(2, ['$share/g/t', '$share/g/other']));
    expect(peer.packets()).toMatchObject([{ cmd: 'unsuback', granted: [0, 0x11] }]);
    deliver(turns, 't', 'x');
    expect(peer.packets()).toEqual([]);
    expect(groupQueue(turns)).toBeNull();
  });

  test('[MQTT-3.10.4-2] finish what they began when they end', async () => {
    const turns = await createTestBroker();
    const [first, second] = [member(turns, 'a', { qos: 1 }), member(turns, 'b', { qos: 1 })];
    deliver(turns, 't', '1', '2');
    expect(first.packets()).toHaveLength(1);
    expect(second.packets()).toHaveLength(1);
    first.send(unsubscribe(2, ['$share/g/t'])).packets();
    expect(second.packets()).toEqual([]);
    first.send(puback(1));
    second.send(puback(1));
    expect(groupQueue(turns)!.length).toBe(0);
    expect(groupQueue(turns)!.consumers).toHaveLength(1);
  });
});

describe('a member that goes away with unacknowledged messages', () => {
  test('[MQTT-4.8.2-5] of QoS 1 leaves them to the others', async () => {
    const turns = await createTestBroker();
    const first = member(turns, 'a', { qos: 1, lasting: true });
    deliver(turns, 't', 'x');
    expect(first.summary()).toEqual(['publish t x qos1 1']);
    const second = member(turns, 'b', { qos: 1 });
    first.drop();
    expect(second.summary()).toEqual(['publish t x qos1 1']);
    expect(connectAs(turns, 'a', true).summary()).toEqual([]);
  });

  test('[MQTT-4.8.2-4] of QoS 2 gets them when it comes back, under the same identifier', async () => {
    const turns = await createTestBroker();
    const first = member(turns, 'a', { lasting: true });
    deliver(turns, 't', 'x');
    expect(first.summary()).toEqual(['publish t x qos2 1']);
    const second = member(turns, 'b');
    first.drop();
    expect(second.summary()).toEqual([]);
    const again = connectAs(turns, 'a', true);
    expect(again.summary()).toEqual(['publish t x qos2 1 dup']);
    again.send(pubrec(1)).send(pubcomp(1));
    expect(again.summary()).toEqual(['pubrel 1']);
    again.drop();
    expect(connectAs(turns, 'a', true).summary()).toEqual([]);
    expect(turns.broker.findSubscriptionQueue('mqtt:a')!.length).toBe(0);
  });

  test('[MQTT-4.8.2-4] of QoS 2 gets them after a restart of the broker, too', async () => {
    const turns = await createTestBroker();
    const first = member(turns, 'a', { lasting: true });
    deliver(turns, 't', 'x');
    first.drop();
    await turns.restart();
    const second = member(turns, 'b');
    expect(second.summary()).toEqual([]);
    const summary = connectAs(turns, 'a', true).summary();
    expect(summary.filter((line) => line.startsWith('publish t x qos2'))).toHaveLength(1);
  });

  test('[MQTT-4.8.2-5] of QoS 2 and whose session ends takes them along', async () => {
    const turns = await createTestBroker();
    const first = member(turns, 'a');
    deliver(turns, 't', 'x');
    const second = member(turns, 'b');
    first.drop();
    expect(second.summary()).toEqual([]);
    expect(groupQueue(turns)!.length).toBe(0);
  });
});

describe('the queue of a group', () => {
  test('goes with the last connection of members that are not kept', async () => {
    const turns = await createTestBroker();
    const [first, second] = [member(turns, 'a'), member(turns, 'b')];
    first.drop();
    expect(groupQueue(turns)).not.toBeNull();
    second.drop();
    expect(groupQueue(turns)).toBeNull();
  });

  test('stays for sessions that are kept, until the last unsubscribes', async () => {
    const turns = await createTestBroker();
    const [first, second] = ['a', 'b'].map((name) => member(turns, name, { lasting: true }));
    first!.drop();
    second!.send(unsubscribe(2, ['$share/g/t']));
    expect(groupQueue(turns)).not.toBeNull();
    connectAs(turns, 'a', true).send(unsubscribe(2, ['$share/g/t']));
    expect(groupQueue(turns)).toBeNull();
  });

  test('goes when the last session expires', async () => {
    const turns = await createTestBroker();
    const [first, second] = ['a', 'b'].map((name) => member(turns, name, { lasting: true }));
    first!.drop();
    turns.advance(500_000);
    second!.drop();
    turns.advance(600_000);
    expect(turns.broker.sessionCount).toBe(1);
    expect(groupQueue(turns)).not.toBeNull();
    turns.advance(500_000);
    expect(groupQueue(turns)).toBeNull();
  });

  test('goes when the last session is replaced by a new one', async () => {
    const turns = await createTestBroker();
    member(turns, 'a', { lasting: true }).drop();
    connectAs(turns, 'a');
    expect(groupQueue(turns)).toBeNull();
  });

  test('goes when the last session ends itself', async () => {
    const turns = await createTestBroker();
    const peer = member(turns, 'a', { lasting: true });
    peer.send(Buffer.concat([hex('e0 07 00 05 11'), u32(0)]));
    expect(turns.broker.sessionCount).toBe(0);
    expect(groupQueue(turns)).toBeNull();
  });
});

describe('$queue', () => {
  const QUEUE = { filter: '$queue/orders', qos: 1 };

  test('keeps messages until somebody takes them', async () => {
    const turns = await createTestBroker();
    deliver(turns, '$queue/orders', '1', '2');
    await turns.restart();
    const peer = member(turns, 'c', QUEUE);
    // The subscription's answer was read; deliveries follow it.
    expect(turns.broker.queue(turns.broker.addresses.queue('orders'), false).length).toBe(2);
    peer.send(puback(1), puback(2));
    expect(turns.broker.queue(turns.broker.addresses.queue('orders'), false).length).toBe(0);
  });

  test('gives each message to one consumer, and what is refused to the dead letters', async () => {
    const turns = await createTestBroker();
    const [first, second] = [member(turns, 'a', QUEUE), member(turns, 'b', QUEUE)];
    deliver(turns, '$queue/orders', '1', '2');
    expect([...first.summary(), ...second.summary()].sort()).toEqual([
      'publish $queue/orders 1 qos1 1',
      'publish $queue/orders 2 qos1 1',
    ]);
    first.send(puback(1));
    second.send(puback(1, 0x80));
    expect(turns.broker.metrics.messagesDeadLettered).toBe(1);
  });

  test('grants QoS 1 at most, and gives back what was not acknowledged', async () => {
    const turns = await createTestBroker();
    const peer = connectAs(turns, 'a');
    peer.send(subscribe(1, [['$queue/orders', 2]]));
    expect(peer.packets()).toMatchObject([{ cmd: 'suback', granted: [1] }]);
    deliver(turns, '$queue/orders', 'x');
    expect(peer.summary()).toEqual(['publish $queue/orders x qos1 1']);
    peer.drop();
    const second = connectAs(turns, 'b');
    second.send(subscribe(1, [['$queue/orders', 0]]));
    expect(second.summary()).toEqual(['suback 1', 'publish $queue/orders x qos0']);
    expect(turns.broker.queue(turns.broker.addresses.queue('orders'), false).length).toBe(0);
  });

  test('is a subscription of the session', async () => {
    const turns = await createTestBroker();
    member(turns, 'c', { ...QUEUE, lasting: true }).drop();
    await turns.crash();
    deliver(turns, '$queue/orders', 'x');
    expect(connectAs(turns, 'c', true).summary()).toEqual(['publish $queue/orders x qos1 1']);
  });

  test('retains nothing', async () => {
    const turns = await createTestBroker();
    const sender = connectAs(turns, 'sender');
    sender.send(publish({ topic: '$queue/orders', payload: 'x', qos: 1, retain: true }));
    expect(turns.broker.retainedCount).toBe(0);
  });

  test('is refused where one may not read', async () => {
    const authorizer = {
      allows: (_: unknown, action: string, { uri }: { uri: string }) =>
        action !== 'read' || uri !== 'queue://orders',
    };
    const turns = await createTestBroker({ authorizer });
    const peer = connectAs(turns, 'c');
    peer.send(
      subscribe(1, [
        ['$queue/orders', 1],
        ['$queue/others', 1],
        ['$queue/+', 1],
      ]),
    );
    expect(peer.packets()).toMatchObject([{ granted: [0x87, 1, 0x8f] }]);
  });

  test('that is deleted takes its subscriptions along, not the connection', async () => {
    const turns = await createTestBroker();
    const peer = member(turns, 'c', QUEUE);
    turns.broker.deleteQueue(turns.broker.queue(turns.broker.addresses.queue('orders'), false));
    turns.run();
    expect(peer.sink.ended).toBe(false);
    peer.send(unsubscribe(2, ['$queue/orders']));
    expect(peer.packets()).toMatchObject([{ cmd: 'unsuback', granted: [0] }]);
  });
});

test('a session has at most so many subscriptions', async () => {
  const turns = await createTestBroker({ limits: { subscriptionsPerConnectionMax: 2 } });
  const peer = connectAs(turns, 'c', true);
  const filters = ['a', '$share/g/a', 'b', '$queue/q', 'a'];
  for (const [index, filter] of filters.entries()) peer.send(subscribe(index + 1, [[filter, 1]]));
  const granted = (peer.packets() as { granted?: number[] }[]).flatMap((packet) => packet.granted);
  expect(granted).toEqual([1, 1, 0x97, 0x97, 1]);
});

test('[MQTT-3.9.3-2] MQTT 3.1.1 has one code for every refusal', async () => {
  const turns = await createTestBroker({ authorizer: { allows: () => false } });
  const peer = new MqttPeer(turns);
  peer.login({ version: 4 });
  peer.send(
    subscribe(
      1,
      [
        ['a', 1],
        ['a#', 1],
      ],
      4,
    ),
  );
  expect(peer.bytes().toString('hex')).toBe('900400018080');
});

test('a session that comes back has lost the subscriptions that it may no longer have', async () => {
  let closed = '';
  const authorizer = {
    allows: (_: unknown, action: string, { uri }: { uri: string }) =>
      action !== 'read' || uri !== closed,
  };
  const turns = await createTestBroker({ authorizer });
  const peer = member(turns, 'c', { lasting: true, filter: 'open' });
  peer.send(
    subscribe(2, [
      ['secret', 0],
      ['$queue/secret', 0],
    ]),
  );
  for (const uri of ['topic://secret', 'queue://secret']) {
    closed = uri;
    peer.drop();
    connectAs(turns, 'c', true).drop();
  }
  closed = '';
  const again = connectAs(turns, 'c', true);
  for (const topic of ['open', 'secret', '$queue/secret']) deliver(turns, topic, topic);
  expect(again.summary()).toEqual(['publish open open qos2 1']);
});

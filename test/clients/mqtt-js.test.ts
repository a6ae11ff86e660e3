import type { IClientOptions } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { MqttPeer, payloadOf, textsOf } from './mqtt-client.js';
import { USER, useRunningBroker } from './running-broker.js';

const broker = useRunningBroker();
const { name } = broker;
const peers: MqttPeer[] = [];

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
});

const TRANSPORTS = {
  tcp: () => ({ url: `mqtt://127.0.0.1:${broker.port('mqtt')}` }),
  tls: () => ({ url: `mqtts://localhost:${broker.port('mqtts')}`, ca: broker.authority }),
  webSocket: () => ({ url: `ws://127.0.0.1:${broker.port('ws')}/mqtt` }),
  secureWebSocket: () => ({
    url: `wss://localhost:${broker.port('wss')}/mqtt`,
    ca: broker.authority,
  }),
  sniffed: () => ({ url: `mqtt://127.0.0.1:${broker.port('any')}` }),
};
type TransportName = keyof typeof TRANSPORTS;

interface Way {
  readonly version: 4 | 5;
  readonly transport: TransportName;
}

const WAYS: Way[] = ([4, 5] as const).flatMap((version) =>
  (Object.keys(TRANSPORTS) as TransportName[]).map((transport) => ({ version, transport })),
);

async function open(
  options: IClientOptions = {},
  { version, transport }: Way = { version: 5, transport: 'tcp' },
): Promise<MqttPeer> {
  const { url, ...settings } = TRANSPORTS[transport]();
  const peer = await MqttPeer.open(url, {
    protocolVersion: version,
    clientId: name('client'),
    host: '127.0.0.1',
    ...USER,
    ...settings,
    ...options,
  });
  peers.push(peer);
  return peer;
}

/** Sessions of MQTT 5 end with their connection unless told otherwise. */
function lasting({ version }: Way): IClientOptions {
  return version === 5 ? { properties: { sessionExpiryInterval: 600 } } : {};
}

/** As the interop document lists them. */
const SYSTEM_TOPICS = [
  'version',
  'uptime',
  'clients/connected',
  'connections/open',
  'connections/received',
  'sessions/count',
  'queues/count',
  'retained messages/count',
  'messages/received',
  'messages/sent',
  'messages/settled',
  'messages/dropped',
  'messages/expired',
  'messages/dead-lettered',
  'bytes/received',
  'bytes/sent',
];

const COUNT = 300;
const END = Buffer.from('end');
const NUMBERS = Array.from({ length: COUNT }, (_, index) => String(index));

describe.each(WAYS)('mqtt.js, version $version over $transport', (way) => {
  test.each([0, 1, 2] as const)('pipelined at QoS %i: all, in order, once', async (qos) => {
    const topic = name('pipelined');
    const reader = await open({}, way);
    await reader.client.subscribeAsync(topic, { qos });
    const writer = await open({}, way);
    await Promise.all(NUMBERS.map((number) => writer.client.publishAsync(topic, number, { qos })));
    await writer.client.publishAsync(topic, 'end', { qos });
    const received = await reader.inbox.takeUntil((packet) => payloadOf(packet).equals(END));
    expect(textsOf(received)).toEqual([...NUMBERS, 'end']);
    expect(received.every((packet) => packet.qos === qos && !packet.dup)).toBe(true);
  });

  test('a retained message reaches later subscribers until it is cleared', async () => {
    const topic = name('retained');
    const writer = await open({}, way);
    await writer.client.publishAsync(topic, 'kept', { qos: 1, retain: true });
    const reader = await open({}, way);
    await reader.client.subscribeAsync(topic, { qos: 1 });
    expect(await reader.inbox.next()).toMatchObject({ topic, retain: true, qos: 1 });
    await writer.client.publishAsync(topic, '', { qos: 1, retain: true });
    // To who is subscribed already it is a message like any other.
    expect(await reader.inbox.next()).toMatchObject({ topic, retain: false });
    const late = await open({}, way);
    await late.client.subscribeAsync(topic, { qos: 1 });
    await writer.client.publishAsync(topic, 'end', { qos: 1 });
    expect(textsOf([await late.inbox.next()])).toEqual(['end']);
  });

  test('the will is published when the connection breaks, not when the client leaves', async () => {
    const topic = name('will');
    const will = { topic, payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const reader = await open({}, way);
    await reader.client.subscribeAsync(topic, { qos: 1 });
    const polite = await open({ will }, way);
    await polite.client.endAsync();
    const victim = await open({ will: { ...will, payload: Buffer.from('broken') } }, way);
    await victim.drop();
    expect(textsOf([await reader.inbox.next()])).toEqual(['broken']);
  });

  test('a session is resumed with what came meanwhile', async () => {
    const topic = name('session');
    const clientId = name('sleeper');
    const first = await open({ clientId, clean: false, ...lasting(way) }, way);
    await first.client.subscribeAsync(topic, { qos: 2 });
    await first.client.endAsync();
    const writer = await open({}, way);
    await Promise.all(
      NUMBERS.slice(0, 20).map((number) => writer.client.publishAsync(topic, number, { qos: 2 })),
    );
    const second = await open({ clientId, clean: false, ...lasting(way) }, way);
    expect(textsOf(await second.inbox.take(20))).toEqual(NUMBERS.slice(0, 20));
    await writer.client.publishAsync(topic, 'end', { qos: 1 });
    expect(textsOf([await second.inbox.next()])).toEqual(['end']);
  });

  test('a wrong password is refused in words that the client understands', async () => {
    const refused = open({ password: 'wrong' }, way);
    await expect(refused).rejects.toMatchObject({ code: way.version === 5 ? 0x86 : 4 });
  });

  test('a second connection takes the session over', async () => {
    const topic = name('takeover');
    const clientId = name('twin');
    const first = await open({ clientId, clean: false, ...lasting(way) }, way);
    await first.client.subscribeAsync(topic, { qos: 1 });
    const closed = new Promise<void>((resolve) => first.client.once('close', () => resolve()));
    const told = new Promise<number | undefined>((resolve) => {
      first.client.once('disconnect', ({ reasonCode }) => resolve(reasonCode));
    });
    const second = await open({ clientId, clean: false, ...lasting(way) }, way);
    await closed;
    if (way.version === 5) expect(await told).toBe(0x8e);
    await second.client.publishAsync(topic, 'mine', { qos: 1 });
    expect(textsOf([await second.inbox.next()])).toEqual(['mine']);
  });
});

describe('mqtt.js, properties of MQTT 5', () => {
  test('everything that travels with a message arrives as it was sent', async () => {
    const topic = name('properties');
    const reader = await open();
    await reader.client.subscribeAsync(topic, { qos: 1 });
    const writer = await open();
    await writer.client.publishAsync(topic, '{"a":1}', {
      qos: 1,
      properties: {
        payloadFormatIndicator: true,
        contentType: 'application/json',
        responseTopic: 'answers/here',
        correlationData: Buffer.of(0, 1, 0xff),
        messageExpiryInterval: 3600,
        userProperties: { zebra: ['1', '2', '3'], apple: 'ä €', constructor: 'x' },
      },
    });
    const { properties } = await reader.inbox.next();
    expect(properties).toMatchObject({
      payloadFormatIndicator: true,
      contentType: 'application/json',
      responseTopic: 'answers/here',
      correlationData: Buffer.of(0, 1, 0xff),
    });
    expect(Object.entries(properties?.userProperties ?? {})).toEqual([
      ['zebra', ['1', '2', '3']],
      ['apple', 'ä €'],
      ['constructor', 'x'],
    ]);
    expect(properties?.messageExpiryInterval).toBeGreaterThan(3500);
    expect(properties?.messageExpiryInterval).toBeLessThanOrEqual(3600);
  });

  test('a request is answered at its response topic with its correlation data', async () => {
    const requests = name('requests');
    const server = await open();
    await server.client.subscribeAsync(requests, { qos: 1 });
    server.client.on('message', (_topic, payload, { properties }) => {
      server.client.publish(properties!.responseTopic!, payload.toString().toUpperCase(), {
        qos: 1,
        properties: { correlationData: properties!.correlationData! },
      });
    });
    const client = await open();
    const responseTopic = name('responses');
    await client.client.subscribeAsync(responseTopic, { qos: 1 });
    for (const [index, text] of ['one', 'two'].entries()) {
      const correlationData = Buffer.of(index);
      const properties = { responseTopic, correlationData };
      await client.client.publishAsync(requests, text, { qos: 1, properties });
      const answer = await client.inbox.next();
      expect(textsOf([answer])).toEqual([text.toUpperCase()]);
      expect(answer.properties?.correlationData).toEqual(correlationData);
    }
  });

  test('messages say which subscription they come from', async () => {
    const topic = name('identified');
    const reader = await open();
    const options = (subscriptionIdentifier: number) => ({
      qos: 1 as const,
      properties: { subscriptionIdentifier },
    });
    await reader.client.subscribeAsync(`${topic}/a`, options(7));
    await reader.client.subscribeAsync(`${topic}/#`, options(268_435_455));
    const writer = await open();
    await writer.client.publishAsync(`${topic}/b`, '', { qos: 1 });
    const single = (await reader.inbox.next()).properties?.subscriptionIdentifier;
    expect([single].flat()).toEqual([268_435_455]);
    await writer.client.publishAsync(`${topic}/a`, '', { qos: 1 });
    // Overlapping subscriptions: one message that names both.
    const both = (await reader.inbox.next()).properties?.subscriptionIdentifier;
    expect([both].flat().sort()).toEqual([268_435_455, 7]);
  });

  test('members of a shared subscription divide the messages', async () => {
    const topic = name('shared');
    const members = [await open(), await open()];
    for (const member of members) {
      await member.client.subscribeAsync(`$share/group/${topic}`, { qos: 1 });
    }
    const writer = await open();
    await Promise.all(NUMBERS.map((n) => writer.client.publishAsync(topic, n, { qos: 1 })));
    const [left, right] = members as [MqttPeer, MqttPeer];
    const all: string[] = [];
    const collect = async ({ inbox }: MqttPeer) => {
      for (;;) {
        const text = textsOf([await inbox.next()])[0]!;
        if (text === 'end') return;
        all.push(text);
      }
    };
    // Both are told the end on a topic of their own, after the last message was confirmed.
    await left.client.subscribeAsync(`${topic}/end`, { qos: 1 });
    await right.client.subscribeAsync(`${topic}/end`, { qos: 1 });
    await writer.client.publishAsync(`${topic}/end`, 'end', { qos: 1 });
    await Promise.all(members.map(collect));
    expect(all.sort()).toEqual([...NUMBERS].sort());
  });

  test('topic aliases in both directions', async () => {
    const topic = name('a/rather/long/topic/name');
    const reader = await open({ properties: { topicAliasMaximum: 8 } });
    await reader.client.subscribeAsync(topic, { qos: 1 });
    const writer = await open({ autoAssignTopicAlias: true, autoUseTopicAlias: true });
    for (const number of NUMBERS.slice(0, 10)) {
      await writer.client.publishAsync(topic, number, { qos: 1 });
    }
    const received = await reader.inbox.take(10);
    expect(textsOf(received)).toEqual(NUMBERS.slice(0, 10));
    expect(received.every((packet) => packet.properties?.topicAlias === 1)).toBe(true);
  });
});

describe('mqtt.js, as applications run it', () => {
  test('$SYS tells the broker’s numbers to who asks for it, and takes none', async () => {
    const reader = await open();
    await reader.client.subscribeAsync('$SYS/#', { qos: 0 });
    const topics = (await reader.inbox.take(SYSTEM_TOPICS.length)).map(({ topic }) => topic);
    expect(topics.sort()).toEqual(SYSTEM_TOPICS.map((topic) => `$SYS/broker/${topic}`).sort());
    const refused = reader.client.publishAsync('$SYS/broker/uptime', '0', { qos: 1 });
    await expect(refused).rejects.toMatchObject({ code: 0x87 });
  });

  test('after a refusal it stays away unless told otherwise', async () => {
    const { url } = TRANSPORTS.tcp();
    const stubborn = new MqttPeer(url, { ...USER, password: 'wrong', reconnectPeriod: 1 });
    peers.push(stubborn);
    await new Promise((resolve) => stubborn.client.once('error', resolve));
    await new Promise((resolve) => stubborn.client.once('close', () => resolve(undefined)));
    expect(stubborn.client.reconnecting).toBe(false);
    const patient = new MqttPeer(url, {
      ...USER,
      password: 'wrong',
      reconnectPeriod: 1,
      reconnectOnConnackError: true,
    });
    peers.push(patient);
    patient.client.on('error', () => {});
    await new Promise((resolve) => patient.client.once('reconnect', () => resolve(undefined)));
    patient.client.options.password = USER.password;
    await new Promise((resolve) => patient.client.once('connect', resolve));
    expect(patient.client.connected).toBe(true);
  });
});

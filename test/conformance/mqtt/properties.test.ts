import { expect, test } from 'vitest';
import { valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { one, packet, prefixed, properties, property, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';
import { PROPERTIES, type Property, type PropertyName } from '../../support/raw-mqtt-properties.js';

const fixture = useMqttServer({ anonymous: true, limits: { topicAliasMax: 10 } });
const { connect, name, open } = fixture;

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;

/** One right value of each property. */
const SAMPLES: readonly Property[] = [
  ['payloadFormatIndicator', 1],
  ['messageExpiryInterval', 100],
  ['contentType', 'text/plain'],
  ['responseTopic', 'reply/to'],
  ['correlationData', Buffer.of(1, 2, 3)],
  ['subscriptionIdentifier', 5],
  ['sessionExpiryInterval', 100],
  ['assignedClientIdentifier', 'me'],
  ['serverKeepAlive', 60],
  ['authenticationMethod', 'SCRAM-SHA-256'],
  ['authenticationData', Buffer.from('n,,n=a,r=b')],
  ['requestProblemInformation', 1],
  ['willDelayInterval', 5],
  ['requestResponseInformation', 1],
  ['responseInformation', 'reply'],
  ['serverReference', 'other:1883'],
  ['reasonString', 'because'],
  ['receiveMaximum', 10],
  ['topicAliasMaximum', 5],
  ['topicAlias', 1],
  ['maximumQoS', 1],
  ['retainAvailable', 1],
  ['userProperty', ['name', 'value']],
  ['maximumPacketSize', 1000],
  ['wildcardSubscriptionAvailable', 1],
  ['subscriptionIdentifierAvailable', 1],
  ['sharedSubscriptionAvailable', 1],
];

interface Carrier {
  /** Properties that table 2-4 gives to this packet. */
  readonly allowed: readonly PropertyName[];
  readonly build: (entries: readonly Property[]) => Buffer;
  /** The properties stand in CONNECT. */
  readonly first?: boolean;
}

const MESSAGE_PROPERTIES: readonly PropertyName[] = [
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'contentType',
  'responseTopic',
  'correlationData',
  'userProperty',
];
const ACKNOWLEDGEMENT: readonly PropertyName[] = ['reasonString', 'userProperty'];

const CARRIERS: Readonly<Record<string, Carrier>> = {
  CONNECT: {
    first: true,
    allowed: [
      'sessionExpiryInterval',
      'authenticationMethod',
      'authenticationData',
      'requestProblemInformation',
      'requestResponseInformation',
      'receiveMaximum',
      'topicAliasMaximum',
      'userProperty',
      'maximumPacketSize',
    ],
    build: (entries) => mqtt5.connect({ clientId: name(), properties: entries }),
  },
  'the will': {
    first: true,
    allowed: [...MESSAGE_PROPERTIES, 'willDelayInterval'],
    build: (entries) =>
      mqtt5.connect({ clientId: name(), will: { topic: 'w', properties: entries } }),
  },
  PUBLISH: {
    allowed: [...MESSAGE_PROPERTIES, 'topicAlias', 'subscriptionIdentifier'],
    build: (entries) => mqtt5.publish({ topic: 'a', properties: entries }),
  },
  PUBACK: { allowed: ACKNOWLEDGEMENT, build: (entries) => mqtt5.puback(1, 0, entries) },
  PUBREC: { allowed: ACKNOWLEDGEMENT, build: (entries) => mqtt5.pubrec(1, 0, entries) },
  PUBREL: { allowed: ACKNOWLEDGEMENT, build: (entries) => mqtt5.pubrel(1, 0, entries) },
  PUBCOMP: { allowed: ACKNOWLEDGEMENT, build: (entries) => mqtt5.pubcomp(1, 0, entries) },
  SUBSCRIBE: {
    allowed: ['subscriptionIdentifier', 'userProperty'],
    build: (entries) => mqtt5.subscribe(1, [['a', 0]], entries),
  },
  UNSUBSCRIBE: {
    allowed: ['userProperty'],
    build: (entries) => mqtt5.unsubscribe(1, ['a'], entries),
  },
  DISCONNECT: {
    allowed: ['sessionExpiryInterval', 'serverReference', ...ACKNOWLEDGEMENT],
    build: (entries) => mqtt5.disconnect(0, entries),
  },
};

/** Sends what `build` makes to a fresh connection and expects the server to end it. */
async function expectEnd(carrier: Carrier, bytes: Buffer, ...reasons: number[]): Promise<void> {
  const client = carrier.first ? await open() : await connect();
  client.send(bytes);
  if (carrier.first) await client.expectTurnedAway(...reasons);
  else await client.expectDisconnect(...reasons);
}

test.each(Object.entries(CARRIERS))(
  '[MQTT-4.13.1-1] a property that does not belong to %s makes it malformed',
  async (_, carrier) => {
    for (const sample of SAMPLES) {
      if (carrier.allowed.includes(sample[0])) continue;
      await expectEnd(carrier, carrier.build([sample]), MALFORMED, PROTOCOL_ERROR);
    }
  },
);

test.each(Object.entries(CARRIERS))(
  '[MQTT-4.13.1-1] a property that occurs twice in %s is a protocol error',
  async (_, carrier) => {
    for (const sample of SAMPLES) {
      if (sample[0] === 'userProperty' || !carrier.allowed.includes(sample[0])) continue;
      await expectEnd(carrier, carrier.build([sample, sample]), PROTOCOL_ERROR, MALFORMED);
    }
  },
);

test.each(Object.entries(CARRIERS))(
  '[MQTT-4.13.1-1] an unknown property makes %s malformed',
  async (_, carrier) => {
    const marker = property(['userProperty', ['marker', 'value']]);
    for (const id of [0x00, 0x04, 0x14, 0x2b, 0x7f]) {
      const bytes = Buffer.from(carrier.build([['userProperty', ['marker', 'value']]]));
      bytes[bytes.indexOf(marker)] = id;
      await expectEnd(carrier, bytes, MALFORMED, PROTOCOL_ERROR);
    }
  },
);

test.each(Object.entries(CARRIERS))(
  '[MQTT-4.13.1-1] user properties may repeat in %s',
  async (_, carrier) => {
    const pairs: Property[] = [
      ['userProperty', ['same', 'one']],
      ['userProperty', ['same', 'two']],
    ];
    const client = carrier.first ? await open() : await connect();
    client.send(carrier.build(pairs));
    if (carrier.build([])[0] === 0xe0) return client.expectClosed();
    if (carrier.first) await client.expect('connack', { reason: 0 });
    client.send(mqtt5.subscribe(99, [[name('t'), 0]]));
    let answer = await client.next();
    // An answer to the packet itself may come before.
    if (answer.id !== 99) answer = await client.next();
    expect(answer).toMatchObject({ type: 'suback', id: 99 });
  },
);

test.each(Object.entries(CARRIERS))(
  '[MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.7-1] texts in the properties of %s are UTF-8 without U+0000',
  async (_, carrier) => {
    for (const wrong of [Buffer.of(0x61, 0xc3), Buffer.of(0x61, 0x00)]) {
      for (const [key] of SAMPLES) {
        const type = PROPERTIES[key][1];
        if (!carrier.allowed.includes(key) || (type !== 'text' && type !== 'pair')) continue;
        const entry = [key, type === 'text' ? wrong : ['name', wrong]] as unknown as Property;
        await expectEnd(carrier, carrier.build([entry]), MALFORMED);
      }
    }
  },
);

test.each<readonly [string, Property]>([
  ['Receive Maximum of 0', ['receiveMaximum', 0]],
  ['Maximum Packet Size of 0', ['maximumPacketSize', 0]],
  ['Request Problem Information of 2', ['requestProblemInformation', 2]],
  ['Request Response Information of 2', ['requestResponseInformation', 2]],
  ['Authentication Data without a method', ['authenticationData', Buffer.of(1)]],
])('[MQTT-4.13.1-1] %s in CONNECT is a protocol error', async (_, entry) => {
  const client = await open();
  client.send(mqtt5.connect({ properties: [entry] }));
  await client.expectTurnedAway(PROTOCOL_ERROR);
});

test('[MQTT-4.13.1-1] a subscription identifier of 0 is a protocol error', async () => {
  const client = await connect();
  client.send(mqtt5.subscribe(1, [['a', 0]], [['subscriptionIdentifier', 0]]));
  await client.expectDisconnect(PROTOCOL_ERROR);
});

test('[MQTT-4.13.1-1] a session expiry in DISCONNECT after none in CONNECT is an error', async () => {
  const client = await connect();
  client.send(mqtt5.disconnect(0, [['sessionExpiryInterval', 10]]));
  await client.expectDisconnect(PROTOCOL_ERROR);
});

test('[MQTT-4.13.1-1] a property that ends after the property length is malformed', async () => {
  const client = await connect();
  const entry = property(['contentType', 'text/plain']);
  client.send(packet(0x30, prefixed('a'), one(entry.length - 3), entry));
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-3.1.2-29] without problem information acknowledgements have no reason string', async () => {
  const client = await connect({ properties: [['requestProblemInformation', 0]] });
  client.send(mqtt5.unsubscribe(1, [name('none')]));
  expect((await client.expect('unsuback')).properties).toEqual([]);
  client.send(mqtt5.pubrel(50));
  expect((await client.expect('pubcomp', { reason: 0x92 })).properties).toEqual([]);
  client.send(mqtt5.pubrec(50));
  expect((await client.expect('pubrel', { reason: 0x92 })).properties).toEqual([]);
  client.publish({ topic: name('nobody'), qos: 1, id: 2 });
  expect((await client.expect('puback')).properties).toEqual([]);
  client.publish({ topic: name('nobody'), qos: 2, id: 3 });
  expect((await client.expect('pubrec')).properties).toEqual([]);
  client.send(mqtt5.subscribe(4, [['$share//x', 0]]));
  const answer = await client.next();
  if (answer.type === 'suback') expect(answer.properties).toEqual([]);
});

test('[MQTT-3.1.2-29] without problem information PUBLISH keeps its user properties', async () => {
  const topic = name('t');
  const receiver = await connect({ properties: [['requestProblemInformation', 0]] });
  await receiver.subscribe(topic);
  const sender = await connect();
  sender.publish({ topic, properties: [['userProperty', ['a', 'b']]] });
  expect(valuesOf(await receiver.expect('publish'), 'userProperty')).toEqual([['a', 'b']]);
});

test('[MQTT-2.2.2-1] the table of properties of these tests is whole', () => {
  expect(SAMPLES.map(([key]) => key)).toEqual(Object.keys(PROPERTIES));
  expect(properties([]).toString('hex')).toBe('00');
  expect(two(1).length).toBe(2);
});

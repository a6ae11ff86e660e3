import { expect, test } from 'vitest';
import { type RawMqtt, singleOf, valuesOf } from '../../support/raw-mqtt.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import { one, packet, prefixed, properties, property, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';
import { PROPERTIES, type Property, type PropertyName } from '../../support/raw-mqtt-properties.js';

const fixture = useMqttServer({ anonymous: true, limits: { topicAliasMax: 10 } });
const { connect, name, open } = fixture;

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_NAME_INVALID = 0x90;
const TOPIC_ALIAS_INVALID = 0x94;

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

/** What a subscriber receives of a message with these properties. */
async function carried(entries: readonly Property[], level: 4 | 5 = 5) {
  const topic = name('t');
  const receiver = await connect({}, level);
  await receiver.subscribe(topic, 1);
  const sender = await connect();
  await sender.deliver({ topic, payload: 'text', properties: entries });
  return receiver.expect('publish', { topic, payload: 'text' });
}

test.each([0, 1])('[MQTT-3.3.2-4] Payload Format Indicator %d is passed on', async (value) => {
  const received = await carried([['payloadFormatIndicator', value]]);
  expect(singleOf(received, 'payloadFormatIndicator')).toBe(value);
});

test('[MQTT-3.3.2-4] an absent Payload Format Indicator is not invented', async () => {
  expect((await carried([])).properties).toEqual([]);
});

test('[MQTT-3.3.2-5] an expired message is not delivered', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 900]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, payload: 'short', properties: [['messageExpiryInterval', 10]] });
  await sender.deliver({ topic, payload: 'long', properties: [['messageExpiryInterval', 600]] });
  fixture.server.skip(11_000);
  const second = await connect(session);
  await second.expect('publish', { payload: 'long' });
  await second.expectSilence();
});

test('[MQTT-3.3.2-5] a message that expires at once is delivered to nobody who is away', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 900]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, properties: [['messageExpiryInterval', 0]] });
  fixture.server.skip(1);
  const second = await connect(session);
  await second.expectSilence();
});

test('[MQTT-3.3.2-6] Message Expiry Interval is less by the seconds that the message waited', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 900]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  await sender.deliver({ topic, properties: [['messageExpiryInterval', 600]] });
  fixture.server.skip(100_000);
  const second = await connect(session);
  const rest = Number(singleOf(await second.expect('publish'), 'messageExpiryInterval'));
  expect(rest).toBeGreaterThanOrEqual(495);
  expect(rest).toBeLessThanOrEqual(500);
});

test('[MQTT-3.3.2-6] a message that did not wait keeps its Message Expiry Interval', async () => {
  const received = await carried([['messageExpiryInterval', 4_294_967_295]]);
  expect(singleOf(received, 'messageExpiryInterval')).toBeGreaterThanOrEqual(4_294_967_290);
});

/** Subscribes, and returns what arrives of a message sent by `sender` through `send`. */
async function watch(topic: string): Promise<RawMqtt> {
  const receiver = await connect();
  await receiver.subscribe(topic);
  return receiver;
}

test('[MQTT-3.3.2-12] every topic alias up to the announced maximum is taken', async () => {
  const topic = name('t');
  const receiver = await watch(`${topic}/+`);
  const sender = await open();
  const connack = await sender.login({ clientId: name() });
  const maximum = Number(singleOf(connack, 'topicAliasMaximum'));
  expect(maximum).toBe(10);
  for (let alias = 1; alias <= maximum; alias++) {
    sender.publish({ topic: `${topic}/${alias}`, properties: [['topicAlias', alias]] });
  }
  for (let alias = 1; alias <= maximum; alias++) {
    sender.publish({ topic: '', payload: 'alias', properties: [['topicAlias', alias]] });
  }
  const received = await receiver.take(2 * maximum);
  const topics = Array.from({ length: maximum }, (_, index) => `${topic}/${index + 1}`);
  expect(received.map((message) => message.topic)).toEqual([...topics, ...topics]);
});

test('[MQTT-3.3.2-12] a topic alias can be given another topic', async () => {
  const topic = name('t');
  const receiver = await watch(`${topic}/+`);
  const sender = await connect();
  for (const level of ['one', 'two']) {
    sender.publish({ topic: `${topic}/${level}`, properties: [['topicAlias', 1]] });
    sender.publish({ topic: '', properties: [['topicAlias', 1]] });
  }
  const topics = (await receiver.take(4)).map((message) => message.topic);
  expect(topics).toEqual([`${topic}/one`, `${topic}/one`, `${topic}/two`, `${topic}/two`]);
});

test('[MQTT-3.3.2-12] the alias of the sender is not passed on', async () => {
  const topic = name('t');
  const receiver = await watch(topic);
  const sender = await connect();
  sender.publish({ topic, properties: [['topicAlias', 1]] });
  expect(valuesOf(await receiver.expect('publish', { topic }), 'topicAlias')).toEqual([]);
});

test('[MQTT-3.3.2-7] topic aliases do not outlive their connection', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 60]] as const,
  };
  const first = await connect(session);
  first.publish({ topic, properties: [['topicAlias', 1]] });
  await first.expectSilence();
  await first.drop();
  const second = await connect(session);
  second.publish({ topic: '', properties: [['topicAlias', 1]] });
  await second.expectDisconnect(PROTOCOL_ERROR, TOPIC_ALIAS_INVALID);
});

test('[MQTT-3.3.2-7] the server states its aliases anew on each connection', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [
      ['sessionExpiryInterval', 60],
      ['topicAliasMaximum', 5],
    ] as const,
  };
  const sender = await connect();
  for (let round = 0; round < 2; round++) {
    const receiver = await connect(session);
    await receiver.subscribe(topic, 0);
    sender.publish({ topic });
    await receiver.expect('publish', { topic });
    await receiver.drop();
  }
});

test('[MQTT-3.3.2-8] topic alias 0 closes the connection', async () => {
  const client = await connect();
  client.publish({ topic: 'a', properties: [['topicAlias', 0]] });
  await client.expectDisconnect(TOPIC_ALIAS_INVALID, PROTOCOL_ERROR);
});

test.each([11, 65_535])(
  '[MQTT-3.3.2-9] topic alias %d above the maximum is refused',
  async (alias) => {
    const client = await connect();
    client.publish({ topic: 'a', properties: [['topicAlias', alias]] });
    await client.expectDisconnect(TOPIC_ALIAS_INVALID);
  },
);

test('[MQTT-4.7.3-1] an empty topic name without an alias is an error', async () => {
  const client = await connect();
  client.publish({ topic: '' });
  await client.expectDisconnect(PROTOCOL_ERROR, MALFORMED, TOPIC_NAME_INVALID);
});

test('[MQTT-3.1.2-26] [MQTT-3.3.2-11] [MQTT-3.3.2-8] aliases of the server keep to the maximum of the client', async () => {
  const topic = name('t');
  const receiver = await connect({ properties: [['topicAliasMaximum', 3]] });
  await receiver.subscribe(`${topic}/+`);
  const sender = await connect();
  const known = new Map<number, string>();
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 10; index++) sender.publish({ topic: `${topic}/${index}` });
    for (let index = 0; index < 10; index++) {
      const message = await receiver.expect('publish');
      const alias = singleOf(message, 'topicAlias') as number | undefined;
      if (alias !== undefined) {
        expect(alias).toBeGreaterThan(0);
        expect(alias).toBeLessThanOrEqual(3);
        if (message.topic !== '') known.set(alias, message.topic ?? '');
      }
      const meant = message.topic === '' ? known.get(alias ?? 0) : message.topic;
      expect(meant).toBe(`${topic}/${index}`);
    }
  }
});

test.each<readonly [string, readonly Property[]]>([
  ['absent', []],
  ['0', [['topicAliasMaximum', 0]]],
])('[MQTT-3.1.2-27] no alias is sent when Topic Alias Maximum is %s', async (_, entries) => {
  const topic = name('t');
  const receiver = await connect({ properties: entries });
  await receiver.subscribe(topic);
  const sender = await connect();
  for (let count = 0; count < 5; count++) {
    sender.publish({ topic });
    const message = await receiver.expect('publish', { topic });
    expect(valuesOf(message, 'topicAlias')).toEqual([]);
  }
});

test('[MQTT-3.3.2-13] a response topic that is not UTF-8 is malformed', async () => {
  const client = await connect();
  client.publish({ topic: 'a', properties: [['responseTopic', Buffer.of(0xff)]] });
  await client.expectDisconnect(MALFORMED);
});

test.each(['a/+', '#', 'a/#'])(
  '[MQTT-3.3.2-14] the response topic "%s" is an error',
  async (topic) => {
    const client = await connect();
    client.publish({ topic: 'a', properties: [['responseTopic', topic]] });
    await client.expectDisconnect(PROTOCOL_ERROR, MALFORMED, TOPIC_NAME_INVALID);
  },
);

test('[MQTT-3.3.2-15] the response topic is passed on', async () => {
  const received = await carried([['responseTopic', 'reply/to/\u00e4']]);
  expect(singleOf(received, 'responseTopic')).toBe('reply/to/\u00e4');
});

test('[MQTT-3.3.2-16] correlation data are passed on', async () => {
  for (const data of [Buffer.alloc(0), Buffer.of(0, 255, 128, 10), Buffer.alloc(3000, 7)]) {
    const received = await carried([['correlationData', data]]);
    expect(singleOf(received, 'correlationData')).toEqual(data);
  }
});

test('[MQTT-3.3.2-17] [MQTT-3.3.2-18] user properties are passed on in their order', async () => {
  const pairs: Property[] = [
    ['userProperty', ['z', '1']],
    ['userProperty', ['a', '2']],
    ['userProperty', ['z', '3']],
    ['userProperty', ['', '']],
    ['userProperty', ['z', '1']],
    ['userProperty', ['__proto__', '\u{1f600}']],
  ];
  const received = await carried(pairs);
  expect(received.properties).toEqual(pairs);
});

test('[MQTT-3.3.2-18] other properties between them do not disturb the order', async () => {
  const received = await carried([
    ['userProperty', ['b', '1']],
    ['contentType', 'x'],
    ['userProperty', ['a', '2']],
  ]);
  expect(valuesOf(received, 'userProperty')).toEqual([
    ['b', '1'],
    ['a', '2'],
  ]);
});

test('[MQTT-3.3.2-19] a content type that is not UTF-8 is malformed', async () => {
  const client = await connect();
  client.publish({ topic: 'a', properties: [['contentType', Buffer.of(0xc0, 0x80)]] });
  await client.expectDisconnect(MALFORMED);
});

test('[MQTT-3.3.2-20] the content type is passed on', async () => {
  const received = await carried([['contentType', 'text/plain; charset="utf-8"']]);
  expect(singleOf(received, 'contentType')).toBe('text/plain; charset="utf-8"');
});

test('[MQTT-3.3.2-17] a message loses its properties only for MQTT 3.1.1', async () => {
  const received = await carried(
    [
      ['contentType', 'x'],
      ['userProperty', ['a', 'b']],
    ],
    4,
  );
  expect(received.payload).toBe('text');
});

test('[MQTT-3.3.2-17] properties survive a restart of the server', async () => {
  const topic = name('t');
  const session = {
    clientId: name(),
    cleanStart: false,
    properties: [['sessionExpiryInterval', 900]] as const,
  };
  const first = await connect(session);
  await first.subscribe(topic, 1);
  await first.drop();
  const sender = await connect();
  const sent: Property[] = [
    ['payloadFormatIndicator', 1],
    ['contentType', 'text/plain'],
    ['responseTopic', 'reply/to'],
    ['correlationData', Buffer.of(9, 8)],
    ['userProperty', ['b', '1']],
    ['userProperty', ['a', '2']],
  ];
  await sender.deliver({ topic, payload: 'kept', properties: sent });
  await fixture.server.restart();
  const second = await connect(session);
  const received = await second.expect('publish', { payload: 'kept' });
  for (const [key] of sent) {
    const values = sent.filter(([property]) => property === key).map(([, value]) => value);
    expect(valuesOf(received, key)).toEqual(values);
  }
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

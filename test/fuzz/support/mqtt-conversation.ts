import { MqttBuilder, type MqttLevel, PINGREQ } from '../../support/raw-mqtt-builder.js';
import type { Property } from '../../support/raw-mqtt-properties.js';
import { MqttScramClient } from '../../support/raw-mqtt-scram.js';
import type { SeededRandom } from '../../support/seeded-random.js';

const TOPICS = ['a', 'a/b', 'a/b/c', '$queue/q', '$queue/r', 'ü/漢', '/', 'a//b'];
const FILTERS = ['#', 'a/#', '+/b', 'a/b', '$share/g/a/+', '$share/h/#', '$queue/q', '$SYS/#'];
const ACKNOWLEDGEMENTS = ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const;

/** What a client may say, from CONNECT on; some of it breaks a rule even so. */
export function mqttConversation(random: SeededRandom): Buffer[] {
  const level = random.pick([3, 4, 5, 5, 5] as const);
  const builder = new MqttBuilder(level);
  const messages = [connect(builder, random)];
  const length = random.between(1, 25);
  while (messages.length < length) messages.push(message(builder, random));
  return messages;
}

/** A mere beginning, with SCRAM. */
export function connect(builder: MqttBuilder, random: SeededRandom): Buffer {
  const scram = builder.level === 5 && random.chance(0.1);
  const login = random.chance(0.2);
  return builder.connect({
    clientId: random.pick(['', 'one', 'two', 'three']),
    cleanStart: random.chance(0.5),
    keepAlive: random.pick([0, 1, 60]),
    ...(login ? { username: 'shop', password: random.pick(['secret', 'wrong']) } : {}),
    ...(random.chance(0.3) ? { will: will(builder.level, random) } : {}),
    properties: [
      ...pickSome<Property>(random, [
        ['sessionExpiryInterval', random.pick([0, 1, 100, 0xffff_ffff])],
        ['receiveMaximum', random.between(1, 3)],
        ['maximumPacketSize', random.pick([2, 20, 100, 5000])],
        ['topicAliasMaximum', random.pick([0, 2])],
        ['requestProblemInformation', random.below(2)],
        ['userProperty', ['name', 'value']],
      ]),
      ...(scram ? new MqttScramClient('shop', 'secret').first() : []),
    ],
  });
}

function will(level: MqttLevel, random: SeededRandom) {
  const entries: Property[] = pickSome(random, [
    ['willDelayInterval', random.pick([0, 1, 1000])],
    ['messageExpiryInterval', 5],
  ]);
  return {
    topic: random.pick(TOPICS),
    payload: 'gone',
    qos: random.below(3),
    retain: random.chance(0.3),
    ...(level === 5 ? { properties: entries } : {}),
  };
}

function message(builder: MqttBuilder, random: SeededRandom): Buffer {
  const id = random.between(1, 6);
  switch (random.below(12)) {
    case 0:
    case 1:
      return builder.subscribe(
        id,
        Array.from({ length: random.between(1, 3) }, () => [
          random.pick(FILTERS),
          random.below(3) | (builder.level === 5 ? random.pick([0, 4, 8, 16, 32]) : 0),
        ]),
        random.chance(0.2) ? [['subscriptionIdentifier', random.between(1, 300)]] : [],
      );
    case 2:
      return builder.unsubscribe(id, [random.pick(FILTERS)]);
    case 3:
    case 4:
      return builder[random.pick(ACKNOWLEDGEMENTS)](
        id,
        builder.level === 5 && random.chance(0.3) ? random.pick([0, 0x10, 0x92, 0x80]) : undefined,
      );
    case 5:
      return PINGREQ;
    case 6:
      return random.chance(0.2) ? builder.disconnect() : PINGREQ;
    case 7:
      return random.chance(0.2) ? connect(builder, random) : PINGREQ;
    default:
      return publish(builder, random, id);
  }
}

function publish(builder: MqttBuilder, random: SeededRandom, id: number): Buffer {
  return builder.publish({
    topic: random.chance(0.1) ? '' : random.pick(TOPICS),
    payload: random.bytes(random.pick([0, 1, 40, 3000])),
    qos: random.below(3),
    id,
    dup: random.chance(0.1),
    retain: random.chance(0.2),
    properties: pickSome<Property>(random, [
      ['topicAlias', random.between(1, 3)],
      ['messageExpiryInterval', random.pick([0, 1, 100])],
      ['payloadFormatIndicator', random.below(2)],
      ['contentType', 'text/plain'],
      ['responseTopic', 'a/reply'],
      ['correlationData', random.bytes(4)],
      ['userProperty', ['ü', 'v']],
    ]),
  });
}

function pickSome<T>(random: SeededRandom, items: readonly T[]): T[] {
  return items.filter(() => random.chance(0.15));
}

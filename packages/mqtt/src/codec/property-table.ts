import type { Properties } from './types.js';

/** The packets, and the will inside CONNECT, that carry properties. */
export type PropertyPacket =
  | 'CONNECT'
  | 'will'
  | 'CONNACK'
  | 'PUBLISH'
  | 'PUBACK'
  | 'PUBREC'
  | 'PUBREL'
  | 'PUBCOMP'
  | 'SUBSCRIBE'
  | 'SUBACK'
  | 'UNSUBSCRIBE'
  | 'UNSUBACK'
  | 'DISCONNECT'
  | 'AUTH';

export type PropertyType = 'byte' | 'uint16' | 'uint32' | 'variable' | 'text' | 'binary' | 'pair';

export interface PropertyDefinition {
  readonly id: number;
  readonly key: keyof Properties;
  readonly type: PropertyType;
  readonly packets: readonly PropertyPacket[];
  /** May occur more than once in a packet. */
  readonly repeatable: boolean;
  /** Only 0 and 1 are values. */
  readonly flag: boolean;
  /** 0 is not a value. */
  readonly positive: boolean;
}

const EVERY_PACKET: readonly PropertyPacket[] = [
  'CONNECT',
  'will',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'DISCONNECT',
  'AUTH',
];
const WITH_REASON = EVERY_PACKET.filter(
  (packet) => !['CONNECT', 'will', 'PUBLISH', 'SUBSCRIBE', 'UNSUBSCRIBE'].includes(packet),
);
const MESSAGE: readonly PropertyPacket[] = ['PUBLISH', 'will'];
const CONNECT_CONNACK: readonly PropertyPacket[] = ['CONNECT', 'CONNACK'];

type Trait = 'repeatable' | 'flag' | 'positive';

function define(
  id: number,
  key: keyof Properties,
  type: PropertyType,
  packets: readonly PropertyPacket[],
  ...traits: Trait[]
): [number, PropertyDefinition] {
  const has = (trait: Trait) => traits.includes(trait);
  const definition = {
    repeatable: has('repeatable'),
    flag: has('flag'),
    positive: has('positive'),
  };
  return [id, { id, key, type, packets, ...definition }];
}

/** The table of MQTT 5 2.2.2.2, by identifier. */
export const PROPERTY_DEFINITIONS: ReadonlyMap<number, PropertyDefinition> = new Map([
  define(0x01, 'payloadFormat', 'byte', MESSAGE, 'flag'),
  define(0x02, 'messageExpirySeconds', 'uint32', MESSAGE),
  define(0x03, 'contentType', 'text', MESSAGE),
  define(0x08, 'responseTopic', 'text', MESSAGE),
  define(0x09, 'correlationData', 'binary', MESSAGE),
  define(
    0x0b,
    'subscriptionIdentifiers',
    'variable',
    ['PUBLISH', 'SUBSCRIBE'],
    'repeatable',
    'positive',
  ),
  define(0x11, 'sessionExpirySeconds', 'uint32', [...CONNECT_CONNACK, 'DISCONNECT']),
  define(0x12, 'assignedClientId', 'text', ['CONNACK']),
  define(0x13, 'serverKeepAliveSeconds', 'uint16', ['CONNACK']),
  define(0x15, 'authenticationMethod', 'text', [...CONNECT_CONNACK, 'AUTH']),
  define(0x16, 'authenticationData', 'binary', [...CONNECT_CONNACK, 'AUTH']),
  define(0x17, 'requestProblemInformation', 'byte', ['CONNECT'], 'flag'),
  define(0x18, 'willDelaySeconds', 'uint32', ['will']),
  define(0x19, 'requestResponseInformation', 'byte', ['CONNECT'], 'flag'),
  define(0x1a, 'responseInformation', 'text', ['CONNACK']),
  define(0x1c, 'serverReference', 'text', ['CONNACK', 'DISCONNECT']),
  define(0x1f, 'reasonString', 'text', WITH_REASON),
  define(0x21, 'receiveMaximum', 'uint16', CONNECT_CONNACK, 'positive'),
  define(0x22, 'topicAliasMaximum', 'uint16', CONNECT_CONNACK),
  define(0x23, 'topicAlias', 'uint16', ['PUBLISH']),
  define(0x24, 'maximumQos', 'byte', ['CONNACK'], 'flag'),
  define(0x25, 'retainAvailable', 'byte', ['CONNACK'], 'flag'),
  define(0x26, 'userProperties', 'pair', EVERY_PACKET, 'repeatable'),
  define(0x27, 'maximumPacketBytes', 'uint32', CONNECT_CONNACK, 'positive'),
  define(0x28, 'wildcardSubscriptionAvailable', 'byte', ['CONNACK'], 'flag'),
  define(0x29, 'subscriptionIdentifierAvailable', 'byte', ['CONNACK'], 'flag'),
  define(0x2a, 'sharedSubscriptionAvailable', 'byte', ['CONNACK'], 'flag'),
]);

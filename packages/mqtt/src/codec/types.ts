/** The protocol level that CONNECT names: MQTT 3.1, 3.1.1 and 5.0. */
export type Version = 3 | 4 | 5;

/** Control packet types [MQTT 5 2.1.2]. */
export const PACKET = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

export type Qos = 0 | 1 | 2;

/** The properties of one packet [MQTT 5 2.2.2]. Absent ones are not set. */
export interface Properties {
  payloadFormat?: number;
  messageExpirySeconds?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Buffer;
  subscriptionIdentifiers?: number[];
  sessionExpirySeconds?: number;
  assignedClientId?: string;
  serverKeepAliveSeconds?: number;
  authenticationMethod?: string;
  authenticationData?: Buffer;
  requestProblemInformation?: number;
  willDelaySeconds?: number;
  requestResponseInformation?: number;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  topicAlias?: number;
  maximumQos?: number;
  retainAvailable?: number;
  /** In the sender's order; a name may occur more than once [MQTT-3.3.2-18]. */
  userProperties?: (readonly [string, string])[];
  maximumPacketBytes?: number;
  wildcardSubscriptionAvailable?: number;
  subscriptionIdentifierAvailable?: number;
  sharedSubscriptionAvailable?: number;
}

export interface ConnectWill {
  readonly topic: string;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly delaySeconds: number;
  /** 0 for a message that never expires. */
  readonly expirySeconds: number;
  /** 0 to 9; -1 when it gives none. */
  readonly priority: number;
  /** A property block, if `hasProperties`, and the payload: what the format keeps. */
  readonly bytes: Buffer;
  readonly hasProperties: boolean;
  readonly emptyPayload: boolean;
  /** It claims to be text but is not UTF-8 [MQTT 5 3.1.3.2.3]. */
  readonly invalidText: boolean;
}

export interface Connect {
  /** Clean Session of MQTT 3, Clean Start of MQTT 5. */
  readonly clean: boolean;
  readonly keepAliveSeconds: number;
  readonly clientId: string;
  readonly will: ConnectWill | null;
  readonly username: string | null;
  readonly password: Buffer | null;
  readonly properties: Properties;
}

/** 0: always, 1: when the subscription is new, 2: never [MQTT 5 3.8.3.1]. */
export type RetainHandling = 0 | 1 | 2;

export interface SubscriptionRequest {
  readonly filter: string;
  readonly qos: Qos;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
}

export interface Subscribe {
  readonly packetId: number;
  readonly requests: readonly SubscriptionRequest[];
  readonly properties: Properties;
}

export interface Unsubscribe {
  readonly packetId: number;
  readonly filters: readonly string[];
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP. */
export interface Acknowledgement {
  readonly packetId: number;
  readonly reason: number;
}

/** DISCONNECT or AUTH. */
export interface ReasonPacket {
  readonly reason: number;
  readonly properties: Properties;
}

/** What a decoder needs to know of the connection. */
export interface DecodeLimits {
  /** User properties of one packet. */
  readonly headersMax: number;
  /** All properties of one packet, in bytes. */
  readonly headerBytesMax: number;
  /** Filters of one SUBSCRIBE or UNSUBSCRIBE. */
  readonly subscriptionsPerConnectionMax: number;
}

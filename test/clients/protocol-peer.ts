import type { AddressKind } from '@causeway/core';
import type { TestServer } from '../support/test-server.js';
import { openAmqpPeer } from './amqp-protocol-peer.js';
import type { Inbox } from './inbox.js';
import { openMqttPeer } from './mqtt-protocol-peer.js';
import { openStompPeer } from './stomp-protocol-peer.js';

export const CARRIERS = ['tcp', 'webSocket'] as const;
export type Carrier = (typeof CARRIERS)[number];

/** An address by its levels, which every protocol joins in its own way. */
export interface Place {
  readonly kind: AddressKind;
  readonly levels: readonly string[];
}

/** What a message has besides its body, in neutral terms; absent where there is nothing. */
export interface Fields {
  readonly messageId?: string | undefined;
  readonly subject?: string | undefined;
  /** In the words of whoever sends or receives it. */
  readonly replyTo?: string | undefined;
  readonly correlationId?: string | Buffer | undefined;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly creationTime?: number | undefined;
  readonly groupId?: string | undefined;
  readonly groupSequence?: number | undefined;
  readonly replyToGroupId?: string | undefined;
  readonly priority?: number | undefined;
  /** Milliseconds from when the broker has it until it expires. */
  readonly lifeMs?: number | undefined;
  /** An annotation named `x-opt-test`. */
  readonly annotation?: string | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

export interface Outgoing {
  /** A text is said to be one, where the protocol can say so. */
  readonly body: Buffer | string;
  /** True unless it says otherwise. */
  readonly durable?: boolean;
  readonly fields?: Fields;
}

export interface Arrival {
  /** Where the message was sent, in the receiver's words. */
  readonly name: string;
  readonly body: Buffer;
  /** Whether the receiver knows that the body is text; undefined when the protocol cannot say. */
  readonly isText: boolean | undefined;
  readonly durable: boolean;
  /** It may have been delivered before; undefined when the protocol does not say. */
  readonly redelivered: boolean | undefined;
  readonly fields: Fields;
  /** Of a subscription that settles by hand. `release` may end the receiver's connection. */
  settle(outcome: 'accept' | 'reject' | 'release'): Promise<void> | void;
}

export interface Subscribing {
  /** The test settles each message; otherwise they are accepted as they come. */
  readonly byHand?: boolean;
  /** What the topic has kept comes first. */
  readonly retained?: boolean;
}

/** A client of any protocol: what is the same for all. */
export interface ProtocolPeer {
  readonly arrivals: Inbox<Arrival>;
  nameOf(place: Place): string;
  /** Resolves when the broker has confirmed. */
  subscribe(place: Place, options?: Subscribing): Promise<void>;
  /** To a place, or to a name in the peer's own words; resolves when the broker has confirmed. */
  send(place: Place | string, message: Buffer | Outgoing): Promise<void>;
  /** Makes a destination for answers, which arrive here; returns what to send as `replyTo`. */
  openAnswers(): Promise<string>;
  end(): void;
}

export type OpenPeer = (carrier: Carrier, server: TestServer) => Promise<ProtocolPeer>;

interface Protocol {
  readonly open: OpenPeer;
  /** Messages have more than a body. */
  readonly hasFields: boolean;
  /** A receiver can refuse a message for good. */
  readonly rejects: boolean;
}

/** Whoever is added here is tested with all the others, in both directions. */
const KNOWN = {
  'MQTT 3.1.1': { open: openMqttPeer(4), hasFields: false, rejects: false },
  'MQTT 5': { open: openMqttPeer(5), hasFields: true, rejects: true },
  'STOMP 1.2': { open: openStompPeer, hasFields: true, rejects: true },
  'AMQP 1.0': { open: openAmqpPeer, hasFields: true, rejects: true },
} as const satisfies Record<string, Protocol>;

export type ProtocolName = keyof typeof KNOWN;
export const PROTOCOLS = Object.keys(KNOWN) as ProtocolName[];

export function protocolOf(name: ProtocolName): Protocol {
  return KNOWN[name];
}

/** Every ordered pair of protocols, over every carrier. */
export const PAIRS = CARRIERS.flatMap((carrier) =>
  PROTOCOLS.flatMap((from) => PROTOCOLS.map((to) => ({ carrier, from, to }))),
);

/** Those whose messages have fields on both sides. */
export const PAIRS_WITH_FIELDS = PAIRS.filter(
  ({ from, to }) => KNOWN[from].hasFields && KNOWN[to].hasFields,
);

/**
 * The name of a topic with dots between its levels, as STOMP and AMQP have it: `+` stands for one
 * level and `#` for all that follow, and a dot in a level is no separator.
 */
export function dotted(levels: readonly string[]): string {
  const translate = (level: string) =>
    level === '+' ? '*' : level === '#' ? '>' : level.replaceAll('.', '/');
  return levels.map(translate).join('.');
}

/** What a test may give in short. */
export function outgoing(message: Buffer | Outgoing): Outgoing {
  return Buffer.isBuffer(message) ? { body: message } : message;
}

/** Without what is undefined, so that it can be compared. */
export function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

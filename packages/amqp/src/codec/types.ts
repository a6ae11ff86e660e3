import type { AmqpValue } from './value.js';

/** Numeric descriptors (`0x00000000:code`) of everything that AMQP 1.0 describes itself. */
export const DESCRIPTOR = {
  // Part 2.7: performatives
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  detach: 0x16,
  end: 0x17,
  close: 0x18,
  error: 0x1d,
  // Part 3.4: delivery state; 3.5: sources and targets
  received: 0x23,
  accepted: 0x24,
  rejected: 0x25,
  released: 0x26,
  modified: 0x27,
  source: 0x28,
  target: 0x29,
  deleteOnClose: 0x2b,
  deleteOnNoLinks: 0x2c,
  deleteOnNoMessages: 0x2d,
  deleteOnNoLinksOrMessages: 0x2e,
  // Part 4.5: transactions
  coordinator: 0x30,
  declare: 0x31,
  discharge: 0x32,
  declared: 0x33,
  transactionalState: 0x34,
  // Part 5.3.3: SASL
  saslMechanisms: 0x40,
  saslInit: 0x41,
  saslChallenge: 0x42,
  saslResponse: 0x43,
  saslOutcome: 0x44,
  // Part 3.2: sections of a message
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  amqpSequence: 0x76,
  amqpValue: 0x77,
  footer: 0x78,
} as const;

/** Part 2.3.1: the type of a frame. */
export const FRAME_TYPE = { amqp: 0, sasl: 1 } as const;
/** Part 2.3: size, data offset, type and channel. */
export const FRAME_HEADER_BYTES = 8;
/** Part 2.3.1 and 2.4.1: the smallest max-frame-size that a peer may have. */
export const FRAME_BYTES_MIN_MAX = 512;

/** Part 2.8.1: who sends a link frame. */
export const ROLE = { sender: false, receiver: true } as const;
/** Part 2.8.2. */
export const SENDER_SETTLE_MODE = { unsettled: 0, settled: 1, mixed: 2 } as const;
/** Part 2.8.3. */
export const RECEIVER_SETTLE_MODE = { first: 0, second: 1 } as const;
/** Part 3.5.5. */
export const TERMINUS_DURABILITY = { none: 0, configuration: 1, unsettledState: 2 } as const;
/** Part 5.3.3.6. */
export const SASL_CODE = { ok: 0, auth: 1, sys: 2, sysPerm: 3, sysTemp: 4 } as const;

/** Part 2.8.14. */
export interface AmqpErrorInfo {
  readonly condition: string;
  readonly description: string | null;
  readonly info: ReadonlyMap<AmqpValue, AmqpValue> | null;
}

/** Part 3.4.1 to 3.4.5. */
export type DeliveryOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly error: AmqpErrorInfo | null }
  | { readonly kind: 'released' }
  | {
      readonly kind: 'modified';
      readonly deliveryFailed: boolean;
      readonly undeliverableHere: boolean;
      /** An encoded map: what is in it stays as the receiver wrote it. */
      readonly annotations: Buffer | null;
    };

/** What a transfer or disposition says of a delivery. */
export type DeliveryState =
  | DeliveryOutcome
  | { readonly kind: 'received'; readonly sectionNumber: number; readonly sectionOffset: number }
  | { readonly kind: 'declared'; readonly transactionId: Buffer }
  | {
      readonly kind: 'transactional';
      readonly transactionId: Buffer;
      readonly outcome: DeliveryOutcome | null;
    };

/** Part 2.7.1. */
export interface Open {
  readonly containerId: string;
  readonly hostname: string | null;
  /** Bytes; 4294967295 unless given. */
  readonly maxFrameSize: number;
  readonly channelMax: number;
  /** Milliseconds; 0 for none. */
  readonly idleTimeOut: number;
  readonly offeredCapabilities: readonly string[];
  readonly desiredCapabilities: readonly string[];
  readonly properties: ReadonlyMap<AmqpValue, AmqpValue> | null;
}

/** Part 2.7.2. */
export interface Begin {
  /** Null in the begin that starts a session. */
  readonly remoteChannel: number | null;
  readonly nextOutgoingId: number;
  readonly incomingWindow: number;
  readonly outgoingWindow: number;
  readonly handleMax: number;
}

/** Part 3.5.3. */
export interface Source {
  readonly address: string | null;
  readonly durable: number;
  /** `link-detach`, `session-end`, `connection-close` or `never`. */
  readonly expiryPolicy: string;
  /** Seconds. */
  readonly timeout: number;
  readonly dynamic: boolean;
  readonly dynamicNodeProperties: ReadonlyMap<AmqpValue, AmqpValue> | null;
  /** `move` or `copy`; null when the client leaves it open. */
  readonly distributionMode: string | null;
  /** By name; values are described types in most cases. */
  readonly filter: ReadonlyMap<AmqpValue, AmqpValue> | null;
  readonly defaultOutcome: DeliveryState | null;
  readonly outcomes: readonly string[];
  readonly capabilities: readonly string[];
}

/** Part 3.5.4. */
export interface Target {
  readonly address: string | null;
  readonly durable: number;
  readonly expiryPolicy: string;
  readonly timeout: number;
  readonly dynamic: boolean;
  readonly dynamicNodeProperties: ReadonlyMap<AmqpValue, AmqpValue> | null;
  readonly capabilities: readonly string[];
}

/** Part 4.5.1: the target of a link on which transactions are declared and discharged. */
export interface Coordinator {
  readonly coordinator: true;
  readonly capabilities: readonly string[];
}

/** Part 2.7.3. */
export interface Attach {
  readonly name: string;
  readonly handle: number;
  /** True when its sender is the receiver of the link. */
  readonly role: boolean;
  readonly sndSettleMode: number;
  readonly rcvSettleMode: number;
  readonly source: Source | null;
  readonly target: Target | Coordinator | null;
  /** By delivery tag as a Latin-1 string; null when the field is absent. */
  readonly unsettled: ReadonlyMap<string, DeliveryState | null> | null;
  readonly incompleteUnsettled: boolean;
  readonly initialDeliveryCount: number | null;
  /** Bytes; 0 for no limit. */
  readonly maxMessageSize: number;
  readonly offeredCapabilities: readonly string[];
  readonly desiredCapabilities: readonly string[];
  readonly properties: ReadonlyMap<AmqpValue, AmqpValue> | null;
}

/** Part 2.7.7. */
export interface Detach {
  readonly handle: number;
  readonly closed: boolean;
  readonly error: AmqpErrorInfo | null;
}

/** A field that a frame does not have. */
export const ABSENT = -1;

/** Part 2.7.4. One object, filled again by each frame; numbers are {@link ABSENT} if not given. */
export class FlowFrame {
  nextIncomingId = ABSENT;
  incomingWindow = 0;
  nextOutgoingId = 0;
  outgoingWindow = 0;
  handle = ABSENT;
  deliveryCount = ABSENT;
  linkCredit = ABSENT;
  available = ABSENT;
  drain = false;
  echo = false;
  /** Whether the properties ask for a transactional acquisition (part 4.4.3). */
  transactional = false;
}

/** Part 2.7.5. One object, filled again by each frame. */
export class TransferFrame {
  handle = 0;
  deliveryId = ABSENT;
  /** The delivery tag is `buffer[tagStart, tagEnd)`; both are {@link ABSENT} without one. */
  tagStart = ABSENT;
  tagEnd = ABSENT;
  messageFormat = ABSENT;
  /** Null when not given. */
  settled: boolean | null = null;
  more = false;
  rcvSettleMode = ABSENT;
  state: DeliveryState | null = null;
  resume = false;
  aborted = false;
  batchable = false;
  /** The part of the message in this frame is `buffer[payloadStart, payloadEnd)`. */
  payloadStart = 0;
  payloadEnd = 0;
}

/** Part 2.7.6. One object, filled again by each frame. */
export class DispositionFrame {
  role = false;
  first = 0;
  /** Equal to `first` when not given. */
  last = 0;
  settled = false;
  state: DeliveryState | null = null;
}

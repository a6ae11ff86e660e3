import { BrokerError, type ErrorCode, NotActiveError } from '@causeway/core';
import { WireError } from '@causeway/wire';
import { MqttError } from './codec/mqtt-error.js';
import { REASON, type Reason } from './codec/reason.js';

/** How MQTT says an error, by the packet that says it. */
export interface ErrorReasons {
  /** DISCONNECT of MQTT 5. */
  readonly disconnect: Reason;
  /** CONNACK of MQTT 5. */
  readonly connack: Reason;
  /** CONNACK of MQTT 3; null where it has no code and the connection just closes. */
  readonly legacyConnack: number | null;
  /** PUBACK and PUBREC of MQTT 5. */
  readonly publish: Reason;
  /** SUBACK of MQTT 5; MQTT 3.1.1 says 0x80 for all of them. */
  readonly subscribe: Reason;
}

/** The return codes of MQTT 3.1.1, table 3.1. */
export const LEGACY_CONNACK = {
  accepted: 0,
  unsupportedVersion: 1,
  identifierRejected: 2,
  unavailable: 3,
  badCredentials: 4,
  notAuthorized: 5,
} as const;

/** The failure code of an MQTT 3.1.1 SUBACK [MQTT-3.9.3-2]. */
export const LEGACY_SUBACK_FAILURE = 0x80;

function reasons(
  disconnect: Reason,
  rest: Partial<Omit<ErrorReasons, 'disconnect'>> = {},
): ErrorReasons {
  const other = REASON.implementationSpecific;
  const defaults = { connack: disconnect, legacyConnack: null, publish: other, subscribe: other };
  return { disconnect, ...defaults, ...rest };
}

const { unavailable } = LEGACY_CONNACK;
const UNAVAILABLE = { connack: REASON.serverUnavailable, legacyConnack: unavailable } as const;
const QUOTA = { publish: REASON.quotaExceeded, subscribe: REASON.quotaExceeded } as const;
const ADDRESS = { publish: REASON.topicNameInvalid, subscribe: REASON.topicFilterInvalid } as const;

export const ERROR_REASONS = {
  malformed: reasons(REASON.malformed),
  'protocol-violation': reasons(REASON.protocolError),
  'unsupported-version': reasons(REASON.protocolError, {
    connack: REASON.unsupportedVersion,
    legacyConnack: LEGACY_CONNACK.unsupportedVersion,
  }),
  'not-authenticated': reasons(REASON.notAuthorized, {
    connack: REASON.badCredentials,
    legacyConnack: LEGACY_CONNACK.badCredentials,
    publish: REASON.notAuthorized,
    subscribe: REASON.notAuthorized,
  }),
  'not-authorized': reasons(REASON.notAuthorized, {
    legacyConnack: LEGACY_CONNACK.notAuthorized,
    publish: REASON.notAuthorized,
    subscribe: REASON.notAuthorized,
  }),
  'invalid-address': reasons(REASON.topicNameInvalid, ADDRESS),
  'address-not-found': reasons(REASON.topicNameInvalid, ADDRESS),
  'address-in-use': reasons(REASON.implementationSpecific),
  'invalid-selector': reasons(REASON.implementationSpecific),
  'not-supported': reasons(REASON.implementationSpecific),
  'conversion-lossy': reasons(REASON.implementationSpecific),
  'too-large': reasons(REASON.packetTooLarge, QUOTA),
  'quota-exceeded': reasons(REASON.quotaExceeded, { ...QUOTA, legacyConnack: unavailable }),
  'queue-full': reasons(REASON.quotaExceeded, QUOTA),
  'rate-exceeded': reasons(REASON.messageRateTooHigh, {
    ...QUOTA,
    connack: REASON.connectionRateExceeded,
    legacyConnack: unavailable,
  }),
  displaced: reasons(REASON.sessionTakenOver, UNAVAILABLE),
  'timed-out': reasons(REASON.keepAliveTimeout, { connack: REASON.unspecified }),
  'server-busy': reasons(REASON.serverBusy, { ...QUOTA, legacyConnack: unavailable }),
  'not-active': reasons(REASON.useAnotherServer, { legacyConnack: unavailable }),
  'shutting-down': reasons(REASON.shuttingDown, UNAVAILABLE),
  administrative: reasons(REASON.administrativeAction, UNAVAILABLE),
  'unknown-delivery': reasons(REASON.protocolError),
  'transaction-unknown': reasons(REASON.implementationSpecific),
  'storage-failed': reasons(REASON.implementationSpecific, UNAVAILABLE),
  'storage-corrupt': reasons(REASON.implementationSpecific, UNAVAILABLE),
  'storage-locked': reasons(REASON.implementationSpecific, UNAVAILABLE),
  'storage-newer': reasons(REASON.implementationSpecific, UNAVAILABLE),
  'config-invalid': reasons(REASON.implementationSpecific, UNAVAILABLE),
  internal: reasons(REASON.unspecified, {
    ...UNAVAILABLE,
    publish: REASON.unspecified,
    subscribe: REASON.unspecified,
  }),
} as const satisfies Record<ErrorCode, ErrorReasons>;

/** Why a connection is ended, in the words of both versions. */
export interface Failure {
  readonly disconnect: Reason;
  readonly connack: Reason;
  readonly legacyConnack: number | null;
  readonly message: string;
  /** The Server Reference of MQTT 5 (3.2.2.3.16): where the client is served. */
  readonly serverReference?: string;
}

/** What the client is told of an error; null for a defect of ours, which must not be hidden. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof NotActiveError && error.elsewhere !== null) {
    const { code, elsewhere, message } = error;
    return { ...ERROR_REASONS[code], message, serverReference: elsewhere };
  }
  if (error instanceof BrokerError) {
    return { ...ERROR_REASONS[error.code], message: error.message };
  }
  const reason = error instanceof MqttError ? error.reason : REASON.malformed;
  if (!(error instanceof MqttError) && !(error instanceof WireError)) return null;
  // MQTT 3 has no words for a client's mistake: the connection just closes [MQTT-4.8.0-1].
  return { disconnect: reason, connack: reason, legacyConnack: null, message: error.message };
}

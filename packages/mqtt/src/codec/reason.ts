/** Reason codes that this broker sends or understands [MQTT 5 2.4]. */
export const REASON = {
  success: 0x00,
  grantedQos1: 0x01,
  grantedQos2: 0x02,
  disconnectWithWill: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecified: 0x80,
  malformed: 0x81,
  protocolError: 0x82,
  implementationSpecific: 0x83,
  unsupportedVersion: 0x84,
  clientIdInvalid: 0x85,
  badCredentials: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  shuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdInUse: 0x91,
  packetIdNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  useAnotherServer: 0x9c,
  connectionRateExceeded: 0x9f,
} as const;

export type Reason = (typeof REASON)[keyof typeof REASON];

/** From here on a reason code reports a failure [MQTT 5 2.4]. */
export const FAILURE_MIN = 0x80;

/** Reason strings of acknowledgements; errors that end a connection say more. */
const TEXTS = new Map<number, string>([
  [REASON.unspecified, 'the broker failed to do this'],
  [REASON.implementationSpecific, 'the broker does not do this'],
  [REASON.notAuthorized, 'permission denied'],
  [REASON.topicFilterInvalid, 'the broker does not accept this topic filter'],
  [REASON.topicNameInvalid, 'the broker does not accept this topic name'],
  [REASON.packetIdNotFound, 'no such packet identifier is in use'],
  [REASON.quotaExceeded, 'a limit of the broker is reached'],
  [REASON.payloadFormatInvalid, 'the payload is not the UTF-8 text it claims to be'],
]);

/** A short text for people; empty for codes that need none. */
export function reasonText(reason: number): string {
  return TEXTS.get(reason) ?? '';
}

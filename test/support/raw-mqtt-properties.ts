/** Property identifiers by name (MQTT 5, table 2.4), with the type of their value. */
export const PROPERTIES = {
  payloadFormatIndicator: [0x01, 'byte'],
  messageExpiryInterval: [0x02, 'four'],
  contentType: [0x03, 'text'],
  responseTopic: [0x08, 'text'],
  correlationData: [0x09, 'binary'],
  subscriptionIdentifier: [0x0b, 'variable'],
  sessionExpiryInterval: [0x11, 'four'],
  assignedClientIdentifier: [0x12, 'text'],
  serverKeepAlive: [0x13, 'two'],
  authenticationMethod: [0x15, 'text'],
  authenticationData: [0x16, 'binary'],
  requestProblemInformation: [0x17, 'byte'],
  willDelayInterval: [0x18, 'four'],
  requestResponseInformation: [0x19, 'byte'],
  responseInformation: [0x1a, 'text'],
  serverReference: [0x1c, 'text'],
  reasonString: [0x1f, 'text'],
  receiveMaximum: [0x21, 'two'],
  topicAliasMaximum: [0x22, 'two'],
  topicAlias: [0x23, 'two'],
  maximumQoS: [0x24, 'byte'],
  retainAvailable: [0x25, 'byte'],
  userProperty: [0x26, 'pair'],
  maximumPacketSize: [0x27, 'four'],
  wildcardSubscriptionAvailable: [0x28, 'byte'],
  subscriptionIdentifierAvailable: [0x29, 'byte'],
  sharedSubscriptionAvailable: [0x2a, 'byte'],
} as const;

export type PropertyName = keyof typeof PROPERTIES;

interface ValueOfType {
  byte: number;
  two: number;
  four: number;
  variable: number;
  text: string | Buffer;
  binary: Buffer;
  pair: readonly [string | Buffer, string | Buffer];
}

/** A property to send or as received: its name and its value. Order and repetition are kept. */
export type Property = {
  [Name in PropertyName]: readonly [Name, ValueOfType[(typeof PROPERTIES)[Name][1]]];
}[PropertyName];

export const PROPERTY_NAMES: ReadonlyMap<number, PropertyName> = new Map(
  Object.entries(PROPERTIES).map(([name, [id]]) => [id, name as PropertyName]),
);

/**
 * Every upper bound of the broker, by name, with its unit as a suffix or in its description and
 * its default. The configuration's `limits` section overrides them by the same names.
 */
export interface LimitDefinition {
  readonly default: number;
  readonly unit: 'bytes' | 'ms' | 'count' | 'per second';
  readonly describe: string;
}

export const LIMITS = {
  frameBytesMax: {
    default: 16 * 1024 * 1024,
    unit: 'bytes',
    describe: 'Largest frame or packet that a client may send after login, its body included.',
  },
  handshakeBytesMax: {
    default: 16 * 1024,
    unit: 'bytes',
    describe: 'Largest frame, and most buffered bytes, of a connection that has not logged in.',
  },
  handshakeTimeoutMs: {
    default: 10_000,
    unit: 'ms',
    describe: 'Time a connection has to log in, TLS and WebSocket handshakes included.',
  },
  closeTimeoutMs: {
    default: 5000,
    unit: 'ms',
    describe: 'Time a closed connection has to take its last bytes and to close on its side.',
  },
  httpHeadBytesMax: {
    default: 8 * 1024,
    unit: 'bytes',
    describe: 'Request line and headers of a WebSocket handshake.',
  },
  webSocketIdleMs: {
    default: 30_000,
    unit: 'ms',
    describe: 'Silence after which a WebSocket is pinged, and after as much again given up.',
  },
  connectionsMax: {
    default: 20_000,
    unit: 'count',
    describe: 'Connections in all.',
  },
  connectionsPerAddressMax: {
    default: 20_000,
    unit: 'count',
    describe: 'Connections from one remote address.',
  },
  connectionsPerUserMax: {
    default: 20_000,
    unit: 'count',
    describe: 'Connections that one user may hold.',
  },
  headersMax: {
    default: 256,
    unit: 'count',
    describe: 'Headers of one STOMP frame; user properties of one MQTT packet.',
  },
  headerBytesMax: {
    default: 64 * 1024,
    unit: 'bytes',
    describe: 'Command and headers of one STOMP frame; properties of one MQTT packet.',
  },
  nameBytesMax: {
    default: 4096,
    unit: 'bytes',
    describe: 'Length of a queue or topic name.',
  },
  nameLevelsMax: {
    default: 128,
    unit: 'count',
    describe: 'Levels of a queue or topic name.',
  },
  selectorBytesMax: {
    default: 8 * 1024,
    unit: 'bytes',
    describe: 'Length of a selector.',
  },
  subscriptionsPerConnectionMax: {
    default: 10_000,
    unit: 'count',
    describe: 'Subscriptions of one connection or session.',
  },
  queuesMax: {
    default: 100_000,
    unit: 'count',
    describe: 'Queues in all: declared queues, subscriptions and sessions.',
  },
  retainedMessagesMax: {
    default: 1_000_000,
    unit: 'count',
    describe: 'Retained messages in all.',
  },
  retainedBytesMax: {
    default: 256 * 1024 * 1024,
    unit: 'bytes',
    describe: 'Retained messages in all, in bytes.',
  },
  deliveriesInFlightMax: {
    default: 1024,
    unit: 'count',
    describe: 'Unsettled deliveries to one MQTT client that does not name a receive maximum.',
  },
  receiveMaximum: {
    default: 1024,
    unit: 'count',
    describe: 'QoS 1 and 2 publishes that an MQTT client may have unconfirmed at the broker.',
  },
  topicAliasMax: {
    default: 64,
    unit: 'count',
    describe: 'Topic aliases per MQTT 5 connection and direction.',
  },
  prefetchMax: {
    default: 65_535,
    unit: 'count',
    describe: 'Largest prefetch of one consumer; a larger request is lowered to it.',
  },
  prefetchBytes: {
    default: 128 * 1024 * 1024,
    unit: 'bytes',
    describe:
      'Unsettled messages that one AMQP receiver may hold; with as much it gets no more until it settles.',
  },
  prefetchDefault: {
    default: 1000,
    unit: 'count',
    describe: 'Unsettled deliveries to a STOMP consumer that does not ask for a prefetch.',
  },
  scheduledMessagesMax: {
    default: 1_000_000,
    unit: 'count',
    describe: 'Messages in all that wait for the time before which they may not be delivered.',
  },
  queueWindowMessages: {
    default: 2048,
    unit: 'count',
    describe: 'Waiting messages of one queue that are held in memory; the rest stays in the store.',
  },
  queueWindowBytes: {
    default: 4 * 1024 * 1024,
    unit: 'bytes',
    describe: 'The same bound in bytes.',
  },
  windowBytesTotal: {
    default: 128 * 1024 * 1024,
    unit: 'bytes',
    describe: 'Waiting messages of all queues held in memory; beyond it windows shrink to a few.',
  },
  transientMessagesMax: {
    default: 100_000,
    unit: 'count',
    describe: 'Messages that wait for one non-durable subscriber; newer ones are dropped, counted.',
  },
  transientBytesMax: {
    default: 16 * 1024 * 1024,
    unit: 'bytes',
    describe: 'The same bound in bytes.',
  },
  pacingMessages: {
    default: 2048,
    unit: 'count',
    describe:
      'Messages waiting for a non-durable subscriber that keeps up badly, from which on its producers wait, if most subscribers of the topic are that far behind.',
  },
  pacingBytes: {
    default: 1024 * 1024,
    unit: 'bytes',
    describe: 'The same in bytes.',
  },
  outputBytesMax: {
    default: 256 * 1024,
    unit: 'bytes',
    describe: 'Bytes waiting in one socket before its consumers pause and its reading stops.',
  },
  uncommittedBytesMax: {
    default: 32 * 1024 * 1024,
    unit: 'bytes',
    describe: 'Bytes that wait for the disk before producers are no longer read.',
  },
  transactionOperationsMax: {
    default: 10_000,
    unit: 'count',
    describe: 'Sends and settlements in one transaction.',
  },
  transactionBytesMax: {
    default: 64 * 1024 * 1024,
    unit: 'bytes',
    describe: 'Messages in the open transactions of one connection.',
  },
  transactionsPerConnectionMax: {
    default: 64,
    unit: 'count',
    describe: 'Open transactions of one connection.',
  },
  transactionTimeoutMs: {
    default: 5 * 60_000,
    unit: 'ms',
    describe: 'Time a transaction may stay open before it is rolled back.',
  },
  amendmentBytesMax: {
    default: 16 * 1024,
    unit: 'bytes',
    describe:
      'Annotations that AMQP receivers have added to one message with `modified`; what would go beyond is left out.',
  },
  amendmentBytesTotal: {
    default: 16 * 1024 * 1024,
    unit: 'bytes',
    describe: 'The same of all messages that wait.',
  },
  temporaryQueuesPerConnectionMax: {
    default: 1000,
    unit: 'count',
    describe: 'Temporary destinations of one connection.',
  },
  compositeDestinationsMax: {
    default: 64,
    unit: 'count',
    describe: 'Destinations that one STOMP frame may list.',
  },
  transferFrameBytesMax: {
    default: 256 * 1024,
    unit: 'bytes',
    describe:
      'Largest AMQP frame in either direction; longer messages, up to `frameBytesMax`, come in several.',
  },
  partialMessageBytesMax: {
    default: 32 * 1024 * 1024,
    unit: 'bytes',
    describe: 'Messages of one AMQP connection of which only a part has arrived.',
  },
  sessionsPerConnectionMax: {
    default: 256,
    unit: 'count',
    describe: 'AMQP sessions of one connection.',
  },
  linksPerSessionMax: {
    default: 1024,
    unit: 'count',
    describe: 'AMQP links of one session.',
  },
  linkNameBytesMax: {
    default: 16 * 1024,
    unit: 'bytes',
    describe: 'Length of the name of an AMQP link.',
  },
  terminusBytesMax: {
    default: 32 * 1024,
    unit: 'bytes',
    describe:
      'Source and target of one AMQP link: addresses, filters, capabilities, properties of nodes.',
  },
  linksSuspendedMax: {
    default: 10_000,
    unit: 'count',
    describe: 'Detached AMQP links, with unsettled deliveries, that may be resumed.',
  },
  linkResumeMsMax: {
    default: 5 * 60_000,
    unit: 'ms',
    describe:
      'Time for which a detached AMQP link keeps its unsettled deliveries, however long it asks for.',
  },
  sessionWindowFrames: {
    default: 65_536,
    unit: 'count',
    describe: 'Transfer frames that an AMQP client may send before it hears of the session again.',
  },
  linkCredit: {
    default: 1000,
    unit: 'count',
    describe: 'Messages that an AMQP sender may have unconfirmed on one link.',
  },
  linkCreditBytes: {
    default: 1024 * 1024,
    unit: 'bytes',
    describe:
      'The same in bytes, judged by the size of the messages before: senders of large messages get less credit, but always for two.',
  },
  idleTimeoutMs: {
    default: 120_000,
    unit: 'ms',
    describe:
      'Silence after which an AMQP client is given up; it is told the half. 0 waits for ever.',
  },
  sessionExpiryMsMax: {
    default: 30 * 24 * 3600 * 1000,
    unit: 'ms',
    describe: 'Longest life of a session whose client is away; longer requests are lowered to it.',
  },
  willDelayMsMax: {
    default: 24 * 3600 * 1000,
    unit: 'ms',
    describe: 'Longest will delay.',
  },
  keepAliveSecondsMax: {
    default: 65_535,
    unit: 'count',
    describe: 'Longest MQTT keep-alive in seconds; MQTT 5 clients are told the lower value.',
  },
  heartBeatMs: {
    default: 10_000,
    unit: 'ms',
    describe: 'STOMP heart-beat that the broker offers in both directions.',
  },
  heartBeatGraceFactor: {
    default: 2,
    unit: 'count',
    describe: 'A STOMP client is given up after this many silent heart-beat intervals.',
  },
  metricsQueuesMax: {
    default: 1000,
    unit: 'count',
    describe: 'Queues, the deepest ones, that have series of their own in the metrics.',
  },
} as const satisfies Record<string, LimitDefinition>;

export type LimitName = keyof typeof LIMITS;
export type Limits = { readonly [name in LimitName]: number };

/** The defaults, with the given values instead where there are any. */
export function createLimits(overrides: Partial<Record<LimitName, number>> = {}): Limits {
  const entries = Object.entries(LIMITS).map(([name, limit]) => [name, limit.default]);
  return { ...Object.fromEntries(entries), ...overrides } as Limits;
}

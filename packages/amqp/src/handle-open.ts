import { type Limits, type Principal, requireActive } from '@causeway/core';
import { AmqpClient } from './client.js';
import { decodeOpen } from './codec/decode-performative.js';
import { encodeOpen } from './codec/encode-performative.js';
import { FRAME_BYTES_MIN_MAX, type Open } from './codec/types.js';
import { AmqpSymbol, type AmqpValue } from './codec/value.js';
import type { AmqpEngine } from './engine.js';
import { AmqpError, CONDITION } from './errors.js';
import { QUEUE_PREFIX, TOPIC_PREFIX } from './naming.js';
import type { AmqpOptions } from './options.js';

/** What a client may rely on, in the words of ActiveMQ and Qpid JMS. */
const CAPABILITIES = ['ANONYMOUS-RELAY', 'DELAYED_DELIVERY', 'SHARED-SUBS'];

/** Part 2.4.5: more often than every half of it nobody is told that we are there. */
const IDLE_TIME_OUT_MS_MIN = 100;

/**
 * Part 2.7.1: the connection is open in both directions.
 * @throws BrokerError `not-active`, `quota-exceeded` and the like when the client is not let in
 */
export function handleOpen(
  engine: AmqpEngine,
  principal: Principal,
  view: Buffer,
  start: number,
  end: number,
): AmqpClient {
  const { sink, context, options } = engine;
  const { broker } = context;
  const open = decodeOpen(view, start, end);
  if (open.maxFrameSize < FRAME_BYTES_MIN_MAX) {
    throw new AmqpError('connection', CONDITION.frameTooSmall, 'max-frame-size is below 512');
  }
  if (open.idleTimeOut > 0 && open.idleTimeOut < IDLE_TIME_OUT_MS_MIN) {
    const message = `idle-time-out is below ${IDLE_TIME_OUT_MS_MIN} ms`;
    throw new AmqpError('connection', CONDITION.notAllowed, message);
  }
  requireActive(broker, 'amqp', sink);
  const remote = `${sink.remoteAddress}:${sink.remotePort}`;
  const connection = broker.openConnection({
    protocol: 'amqp 1.0',
    clientId: open.containerId,
    principal,
    remote,
    sink: engine,
  });
  const client = new AmqpClient(engine, connection, open);
  client.write(encodeOpen(0, openFields(options, broker.limits)));
  broker.log.debug('amqp-connected', { remote, user: principal.name, container: open.containerId });
  return client;
}

/** What the broker says of itself. */
export function openFields(options: AmqpOptions, limits: Limits): Open {
  const { containerId, product, version } = options;
  const properties = new Map<AmqpValue, AmqpValue>([
    [new AmqpSymbol('product'), product],
    [new AmqpSymbol('version'), version],
    [new AmqpSymbol('queue-prefix'), QUEUE_PREFIX],
    [new AmqpSymbol('topic-prefix'), TOPIC_PREFIX],
  ]);
  return {
    containerId,
    hostname: null,
    maxFrameSize: limits.transferFrameBytesMax,
    channelMax: limits.sessionsPerConnectionMax - 1,
    // Part 2.4.5: half of the actual threshold, so that a client that is just in time is not cut.
    idleTimeOut: Math.floor(limits.idleTimeoutMs / 2),
    offeredCapabilities: CAPABILITIES,
    desiredCapabilities: [],
    properties,
  };
}

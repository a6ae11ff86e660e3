import { readIdentifier, writeIdentifier } from '@causeway/core';
import { Inbox } from './inbox.js';
import type { Arrival, Fields, OpenPeer, Outgoing, Place, ProtocolPeer } from './protocol-peer.js';
import { dotted, outgoing, present } from './protocol-peer.js';
import { type Headers, type StompMessage, StompPeer } from './stomp-client.js';

const HEADERS = {
  messageId: 'amqp-message-id',
  subject: 'type',
  replyTo: 'reply-to',
  contentType: 'content-type',
  contentEncoding: 'content-encoding',
  creationTime: 'timestamp',
  groupId: 'JMSXGroupID',
  groupSequence: 'JMSXGroupSeq',
  replyToGroupId: 'JMS_AMQP_ReplyToGroupID',
  priority: 'priority',
  annotation: 'x-opt-test',
} as const;
const NUMBERS: readonly string[] = ['creationTime', 'groupSequence', 'priority'];
/** What the broker writes for each delivery. */
const OF_DELIVERY = [
  'ack',
  'content-length',
  'destination',
  'message-id',
  'persistent',
  'redelivered',
  'subscription',
];

export const openStompPeer: OpenPeer = async (carrier, server) => {
  const port = carrier === 'tcp' ? server.stompPort : server.webSocketPort;
  const peer = await StompPeer.open({ port, over: carrier });
  const arrivals = new Inbox<Arrival>();
  const nowMs = () => server.broker.clock.wallMs();
  const settle = async (message: StompMessage, outcome: 'accept' | 'reject' | 'release') => {
    if (outcome === 'accept') await peer.ack(message);
    else await peer.nack(message, outcome === 'reject' ? { requeue: 'false' } : {});
  };
  peer.inbox.listen((message) =>
    arrivals.add(arrivalOf(message, nowMs(), (outcome) => settle(message, outcome))),
  );
  return {
    arrivals,
    nameOf: stompName,
    subscribe: async (place, { byHand, retained } = {}) => {
      await peer.subscribe(stompName(place), {
        ...(byHand === true ? { ack: 'client-individual' } : {}),
        ...(retained === true ? { 'activemq.retroactive': 'true' } : {}),
      });
    },
    send: (place, message) => {
      const destination = typeof place === 'string' ? place : stompName(place);
      const { body, fields } = outgoing(message);
      const headers: Headers = { destination, ...headersOf(outgoing(message)) };
      // STOMP names a time, which is the broker's.
      if (fields?.lifeMs !== undefined) headers.expires = String(nowMs() + fields.lifeMs);
      return peer.send(headers, body);
    },
    openAnswers: async () => {
      await peer.subscribe('/temp-queue/answers');
      return '/temp-queue/answers';
    },
    end: () => peer.drop(),
  } satisfies ProtocolPeer;
};

function stompName({ kind, levels }: Place): string {
  return kind === 'queue' ? `/queue/${levels.join('.')}` : `/topic/${dotted(levels)}`;
}

function headersOf({ body, durable = true, fields = {} }: Outgoing): Headers {
  const headers: Headers = { persistent: String(durable) };
  if (typeof body === 'string') headers['amq-msg-type'] = 'text';
  for (const [field, name] of Object.entries(HEADERS)) {
    const value = fields[field as keyof typeof HEADERS];
    if (value !== undefined) headers[name] = String(value);
  }
  const correlation = writeIdentifier(fields.correlationId);
  if (correlation !== undefined) headers['correlation-id'] = correlation;
  return { ...headers, ...fields.properties };
}

function arrivalOf(
  { headers, body }: StompMessage,
  nowMs: number,
  settle: Arrival['settle'],
): Arrival {
  return {
    name: headers.destination ?? '',
    body,
    isText: undefined,
    durable: headers.persistent === 'true',
    redelivered: headers.redelivered === 'true',
    fields: fieldsOf(headers, nowMs),
    settle,
  };
}

function fieldsOf(headers: Headers, nowMs: number): Fields {
  const others = new Map(Object.entries(headers));
  for (const name of OF_DELIVERY) others.delete(name);
  const take = (name: string) => {
    const text = others.get(name);
    others.delete(name);
    return text;
  };
  const fields = Object.entries(HEADERS).map(([field, name]) => {
    const text = take(name);
    return [field, text !== undefined && NUMBERS.includes(field) ? Number(text) : text];
  });
  const correlationId = readIdentifier(take('correlation-id')) as string | Buffer | undefined;
  const expires = take('expires');
  take('amq-msg-type');
  return present({
    ...Object.fromEntries(fields),
    correlationId,
    lifeMs: expires === undefined ? undefined : Number(expires) - nowMs,
    properties: others.size === 0 ? undefined : Object.fromEntries(others),
  });
}

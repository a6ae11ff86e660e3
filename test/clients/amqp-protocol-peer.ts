import rhea, { type Message } from 'rhea';
import { type AmqpArrival, AmqpPeer, type AmqpSender } from './amqp-client.js';
import { Inbox } from './inbox.js';
import type { Arrival, Fields, OpenPeer, Outgoing, Place, ProtocolPeer } from './protocol-peer.js';
import { dotted, outgoing, present } from './protocol-peer.js';

/** What the broker and JMS write for themselves. */
const OF_DELIVERY = /^x-opt-jms-/;

export const openAmqpPeer: OpenPeer = async (carrier, server) => {
  const port = carrier === 'tcp' ? server.amqpPort : server.webSocketPort;
  const peer = await AmqpPeer.open({ port, over: carrier });
  const arrivals = new Inbox<Arrival>();
  const senders = new Map<string, Promise<AmqpSender>>();
  const senderTo = (address: string): Promise<AmqpSender> => {
    const known = senders.get(address) ?? peer.sender(address);
    senders.set(address, known);
    return known;
  };
  return {
    arrivals,
    nameOf: amqpName,
    subscribe: async (place, { byHand = false, retained = false } = {}) => {
      const properties = retained ? { 'activemq.retroactive': true } : {};
      const receiver = await peer.receiver({ source: amqpName(place), properties });
      receiver.inbox.listen((arrival) => {
        if (!byHand) arrival.delivery.accept();
        arrivals.add(arrivalOf(arrival));
      });
    },
    send: async (place, message) => {
      const address = typeof place === 'string' ? place : amqpName(place);
      const sender = await senderTo(address);
      const { name, condition } = await sender.send(messageOf(address, outgoing(message)));
      if (name !== 'accepted') throw new Error(`${name}: ${condition}`);
    },
    openAnswers: async () => {
      const source = { address: '', dynamic: true } as never;
      const receiver = await peer.receiver({ source });
      receiver.inbox.listen((arrival) => {
        arrival.delivery.accept();
        arrivals.add(arrivalOf(arrival));
      });
      return receiver.link.source.address;
    },
    end: () => peer.drop(),
  } satisfies ProtocolPeer;
};

function amqpName({ kind, levels }: Place): string {
  return kind === 'queue' ? `queue://${levels.join('.')}` : `topic://${dotted(levels)}`;
}

function messageOf(to: string, { body, durable = true, fields = {} }: Outgoing): Message {
  const { creationTime } = fields;
  const message = {
    to,
    durable,
    body: typeof body === 'string' ? body : rhea.message.data_section(body),
    message_id: fields.messageId,
    subject: fields.subject,
    reply_to: fields.replyTo,
    correlation_id: identifierOf(fields.correlationId),
    content_type: fields.contentType,
    content_encoding: fields.contentEncoding,
    creation_time: creationTime === undefined ? undefined : new Date(creationTime),
    group_id: fields.groupId,
    group_sequence: fields.groupSequence,
    reply_to_group_id: fields.replyToGroupId,
    priority: fields.priority,
    ttl: fields.lifeMs,
    message_annotations:
      fields.annotation === undefined ? undefined : { 'x-opt-test': fields.annotation },
    application_properties: fields.properties,
  };
  return present(message as Fields) as unknown as Message;
}

/** The library takes bytes for a uuid. */
function identifierOf(id: string | Buffer | undefined): unknown {
  return Buffer.isBuffer(id) ? rhea.types.wrap_binary(id) : id;
}

function arrivalOf({ message, delivery }: AmqpArrival): Arrival {
  const body = message.body as unknown;
  return {
    name: message.to ?? '',
    body: bytesOf(body),
    isText: typeof body === 'string',
    durable: message.durable === true,
    redelivered: message.first_acquirer !== true,
    fields: fieldsOf(message),
    settle: (outcome) => {
      if (outcome === 'accept') delivery.accept();
      else if (outcome === 'reject') delivery.reject();
      else delivery.release();
    },
  };
}

/** The body in one piece: the library shows data sections as objects of its own. */
function bytesOf(body: unknown): Buffer {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return Buffer.from(body as string);
  const { content } = body as { content: Buffer | Buffer[] };
  return Array.isArray(content) ? Buffer.concat(content) : Buffer.from(content);
}

function fieldsOf(message: Message): Fields {
  const { ttl, creation_time, priority, application_properties: properties = {} } = message;
  const annotations = Object.entries(message.message_annotations ?? {}).filter(
    ([name]) => !OF_DELIVERY.test(name),
  );
  const { 'x-opt-test': annotation, ...others } = Object.fromEntries(annotations);
  const all = { ...(properties as Record<string, string>), ...others };
  return present({
    messageId: message.message_id as string | undefined,
    subject: message.subject,
    replyTo: message.reply_to,
    correlationId: message.correlation_id as string | Buffer | undefined,
    contentType: message.content_type,
    contentEncoding: message.content_encoding,
    creationTime: creation_time === undefined ? undefined : Number(creation_time),
    groupId: message.group_id,
    groupSequence: message.group_sequence,
    replyToGroupId: message.reply_to_group_id,
    priority: priority === 4 ? undefined : priority,
    lifeMs: ttl,
    annotation,
    properties: Object.keys(all).length === 0 ? undefined : all,
  });
}

import type { IClientOptions, IPublishPacket } from 'mqtt';
import { Inbox } from './inbox.js';
import { MqttPeer, payloadOf } from './mqtt-client.js';
import type { Arrival, Fields, OpenPeer, Outgoing, Place, ProtocolPeer } from './protocol-peer.js';
import { outgoing, present } from './protocol-peer.js';

type Publish = NonNullable<IPublishPacket['properties']>;

/** MQTT 5: the reason code for a message that its receiver refuses. */
const REFUSED = 0x80;
/** The fields that user properties carry, under the names of JMS. */
const USER_PROPERTIES = {
  messageId: 'JMSMessageID',
  subject: 'JMSType',
  contentEncoding: 'content-encoding',
  creationTime: 'JMSTimestamp',
  groupId: 'JMSXGroupID',
  groupSequence: 'JMSXGroupSeq',
  replyToGroupId: 'JMS_AMQP_ReplyToGroupID',
  priority: 'JMSPriority',
  annotation: 'x-opt-test',
} as const;
const NUMBERS: readonly string[] = ['creationTime', 'groupSequence', 'priority'];

let answers = 0;

export function openMqttPeer(protocolVersion: 4 | 5): OpenPeer {
  return async (carrier, server) => {
    const url =
      carrier === 'tcp'
        ? `mqtt://127.0.0.1:${server.mqttPort}`
        : `ws://127.0.0.1:${server.webSocketPort}`;
    const arrivals = new Inbox<Arrival>();
    let byHand = false;
    const arrive = (packet: IPublishPacket, acknowledge: (code: number) => void): void => {
      const settle: Arrival['settle'] = (outcome) =>
        outcome === 'release' ? peer.drop() : acknowledge(outcome === 'reject' ? REFUSED : 0);
      arrivals.add(arrivalOf(packet, settle));
      if (!byHand) acknowledge(0);
    };
    // The library asks for reason codes with MQTT 5 only.
    const customHandleAcks = (
      _name: string,
      _payload: Buffer,
      packet: IPublishPacket,
      acknowledge: (code: number) => void,
    ): void => arrive(packet, acknowledge);
    const options = { protocolVersion, customHandleAcks } as unknown as IClientOptions;
    const peer = await MqttPeer.open(url, options);
    peer.client.handleMessage = (packet, done) => {
      if (protocolVersion === 5 && packet.qos > 0) done();
      else arrive(packet, () => done());
    };
    return {
      arrivals,
      nameOf: mqttName,
      subscribe: async (place, subscribing = {}) => {
        byHand = subscribing.byHand ?? false;
        const rh = subscribing.retained === true ? 0 : 2;
        await peer.client.subscribeAsync(mqttName(place), { qos: 1, rh });
      },
      send: async (place, message) => {
        const { body, durable = true, fields } = outgoing(message);
        const topic = typeof place === 'string' ? place : mqttName(place);
        const properties = protocolVersion === 5 ? propertiesOf(outgoing(message)) : {};
        const qos = durable ? 1 : 0;
        if (fields !== undefined && protocolVersion === 4) throw new Error('MQTT 3 has no fields');
        await peer.client.publishAsync(topic, body, { qos, properties });
      },
      // MQTT has no temporary destinations: a client makes up a topic.
      openAnswers: async () => {
        const topic = `answers/for/${++answers}`;
        await peer.client.subscribeAsync(topic, { qos: 1 });
        return topic;
      },
      end: () => peer.client.end(true),
    } satisfies ProtocolPeer;
  };
}

export function mqttName({ kind, levels }: Place): string {
  return kind === 'queue' ? `$queue/${levels.join('.')}` : levels.join('/');
}

function propertiesOf({ body, fields = {} }: Outgoing): Publish {
  const { contentType, replyTo, correlationId, lifeMs } = fields;
  const userProperties: Record<string, string> = {};
  for (const [field, name] of Object.entries(USER_PROPERTIES)) {
    const value = fields[field as keyof typeof USER_PROPERTIES];
    if (value !== undefined) userProperties[name] = String(value);
  }
  Object.assign(userProperties, fields.properties);
  return {
    ...(typeof body === 'string' ? { payloadFormatIndicator: true } : {}),
    ...(contentType === undefined ? {} : { contentType }),
    ...(replyTo === undefined ? {} : { responseTopic: replyTo }),
    ...(correlationId === undefined
      ? {}
      : { correlationData: Buffer.from(correlationId as string) }),
    ...(lifeMs === undefined ? {} : { messageExpiryInterval: lifeMs / 1000 }),
    // The library sends nothing at all for an empty object.
    ...(Object.keys(userProperties).length === 0 ? {} : { userProperties }),
  };
}

function arrivalOf(packet: IPublishPacket, settle: Arrival['settle']): Arrival {
  const { qos, properties = {} } = packet;
  return {
    name: packet.topic,
    body: payloadOf(packet),
    isText:
      packet.properties === undefined ? undefined : properties.payloadFormatIndicator === true,
    durable: qos > 0,
    redelivered: undefined,
    fields: fieldsOf(properties),
    settle,
  };
}

function fieldsOf(properties: Publish): Fields {
  const { contentType, responseTopic, correlationData, messageExpiryInterval } = properties;
  const others = new Map(Object.entries(properties.userProperties ?? {}) as [string, string][]);
  const take = ([field, name]: readonly [string, string]) => {
    const text = others.get(name);
    others.delete(name);
    return [field, text !== undefined && NUMBERS.includes(field) ? Number(text) : text];
  };
  return present({
    contentType,
    replyTo: responseTopic,
    correlationId: correlationData,
    lifeMs: messageExpiryInterval === undefined ? undefined : messageExpiryInterval * 1000,
    ...Object.fromEntries(Object.entries(USER_PROPERTIES).map(take)),
    properties: others.size === 0 ? undefined : Object.fromEntries(others),
  });
}

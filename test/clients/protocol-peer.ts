import type { AddressKind } from '@causeway/core';
import type { TestServer } from '../support/test-server.js';
import { Inbox } from './inbox.js';
import { MqttPeer, payloadOf } from './mqtt-client.js';
import { StompPeer } from './stomp-client.js';

export const PROTOCOLS = ['MQTT 3.1.1', 'MQTT 5', 'STOMP 1.2'] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];
export const CARRIERS = ['tcp', 'webSocket'] as const;
export type Carrier = (typeof CARRIERS)[number];

/** An address by its levels, which every protocol joins in its own way. */
export interface Place {
  readonly kind: AddressKind;
  readonly levels: readonly string[];
}

export interface Arrival {
  /** Where the message was sent, in the receiver's words. */
  readonly name: string;
  readonly body: Buffer;
}

/** A client of any protocol: what is the same for all. */
export interface ProtocolPeer {
  readonly arrivals: Inbox<Arrival>;
  nameOf(place: Place): string;
  /** Resolves when the broker has confirmed. */
  subscribe(place: Place): Promise<void>;
  send(place: Place, body: Buffer): Promise<void>;
  end(): void;
}

/**
 * Names of topics are translated, with `+` for one level and `#` for all that follow, and a dot in
 * a level is no separator. Names of queues are the same everywhere.
 */
export function stompName({ kind, levels }: Place): string {
  if (kind === 'queue') return `/queue/${levels.join('.')}`;
  const translate = (level: string) =>
    level === '+' ? '*' : level === '#' ? '>' : level.replaceAll('.', '/');
  return `/topic/${levels.map(translate).join('.')}`;
}

export function mqttName({ kind, levels }: Place): string {
  return kind === 'queue' ? `$queue/${levels.join('.')}` : levels.join('/');
}

export async function openPeer(
  protocol: ProtocolName,
  carrier: Carrier,
  server: TestServer,
): Promise<ProtocolPeer> {
  return protocol === 'STOMP 1.2'
    ? openStomp(carrier, server)
    : openMqtt(protocol === 'MQTT 5' ? 5 : 4, carrier, server);
}

async function openMqtt(
  protocolVersion: 4 | 5,
  carrier: Carrier,
  server: TestServer,
): Promise<ProtocolPeer> {
  const url =
    carrier === 'tcp'
      ? `mqtt://127.0.0.1:${server.mqttPort}`
      : `ws://127.0.0.1:${server.webSocketPort}`;
  const peer = await MqttPeer.open(url, { protocolVersion });
  const arrivals = new Inbox<Arrival>();
  peer.client.on('message', (name, _payload, packet) => {
    arrivals.add({ name, body: payloadOf(packet) });
  });
  return {
    arrivals,
    nameOf: mqttName,
    subscribe: async (place) => {
      await peer.client.subscribeAsync(mqttName(place), { qos: 1 });
    },
    send: async (place, body) => {
      await peer.client.publishAsync(mqttName(place), body, { qos: 1 });
    },
    end: () => peer.client.end(true),
  };
}

async function openStomp(carrier: Carrier, server: TestServer): Promise<ProtocolPeer> {
  const port = carrier === 'tcp' ? server.stompPort : server.webSocketPort;
  const peer = await StompPeer.open({ port, over: carrier });
  const arrivals = new Inbox<Arrival>();
  peer.inbox.listen(({ headers, body }) => arrivals.add({ name: headers.destination ?? '', body }));
  return {
    arrivals,
    nameOf: stompName,
    subscribe: async (place) => {
      await peer.subscribe(stompName(place));
    },
    send: (place, body) => peer.send({ destination: stompName(place), persistent: 'true' }, body),
    end: () => peer.drop(),
  };
}

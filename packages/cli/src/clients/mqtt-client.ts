import mqtt, {
  type IClientOptions,
  type IClientPublishOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { type Endpoint, formatEndpoint } from '../endpoint.js';
import { CommandError } from '../exit-code.js';
import type {
  ClientSettings,
  IncomingMessage,
  MessageClient,
  OutgoingMessage,
  ReceiveOptions,
} from './message-client.js';

const SESSION_EXPIRY_NEVER = 0xffff_ffff;

/** Connects with the `mqtt` library. */
export async function openMqttClient(
  endpoint: Endpoint,
  settings: ClientSettings,
): Promise<MessageClient> {
  const client = mqtt.connect(connectOptions(endpoint, settings));
  const inbox = new Inbox(client);
  await connected(client, endpoint, settings.connectTimeoutMs);
  return new MqttMessageClient(client, inbox, endpoint, settings.protocolVersion ?? 5);
}

type Take = (message: IncomingMessage) => Promise<boolean>;

/**
 * Takes what arrives, from the connect on: a session's messages come before anybody asks for them,
 * and the library would acknowledge them to nobody. It hands out one message after another, and
 * acknowledges when its callback is called; without that the message stays unsettled.
 */
class Inbox {
  #take: Take | null = null;
  #early: (() => void) | null = null;

  constructor(client: MqttClient) {
    client.handleMessage = (packet, callback) => {
      const deliver = (take: Take) =>
        void take(toIncoming(packet)).then(
          (settle) => {
            if (settle) callback();
          },
          (error: Error) => callback(error),
        );
      if (this.#take === null) this.#early = () => deliver(this.#take!);
      else deliver(this.#take);
    };
  }

  open(take: Take): void {
    this.#take = take;
    this.#early?.();
    this.#early = null;
  }
}

class MqttMessageClient implements MessageClient {
  readonly ended: Promise<never>;
  readonly #client: MqttClient;
  readonly #inbox: Inbox;
  readonly #version: number;
  #closing = false;

  constructor(client: MqttClient, inbox: Inbox, endpoint: Endpoint, version: number) {
    this.#client = client;
    this.#inbox = inbox;
    this.#version = version;
    this.ended = new Promise((_resolve, reject) => {
      const end = (reason: string) => {
        if (!this.#closing) {
          reject(new CommandError(`${formatEndpoint(endpoint)} ended the connection${reason}`));
        }
      };
      client.on('disconnect', ({ reasonCode, properties }) =>
        end(`: reason ${reasonCode} ${properties?.reasonString ?? ''}`),
      );
      client.on('error', (error) => end(`: ${error.message}`));
      client.on('close', () => end(''));
    });
    // Whoever is interested races with it; nobody else should be told.
    this.ended.catch(() => {});
  }

  async send(destination: string, message: OutgoingMessage): Promise<void> {
    const options = publishOptions(message, this.#version);
    await new Promise<void>((resolve, reject) => {
      this.#client.publish(destination, message.body, options, (error) => {
        if (error) reject(new CommandError(`the message was refused: ${error.message}`));
        else resolve();
      });
    });
  }

  async receive(options: ReceiveOptions, take: Take): Promise<void> {
    this.#inbox.open(take);
    const granted = await this.#client.subscribeAsync(options.destination, { qos: options.qos });
    const refused = granted.find((grant) => Number(grant.qos) >= 0x80);
    if (refused !== undefined) {
      throw new CommandError(`the subscription was refused: reason ${refused.qos}`);
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    // A delivery that was left unsettled would keep an orderly end waiting.
    await this.#client.endAsync(true);
  }
}

function connectOptions(endpoint: Endpoint, settings: ClientSettings): IClientOptions {
  const version = settings.protocolVersion ?? 5;
  const web = endpoint.transport === 'websocket';
  const options: IClientOptions = {
    protocol: web ? (endpoint.secure ? 'wss' : 'ws') : endpoint.secure ? 'mqtts' : 'mqtt',
    host: endpoint.host.includes(':') && web ? `[${endpoint.host}]` : endpoint.host,
    hostname: endpoint.host,
    port: endpoint.port,
    path: endpoint.path,
    protocolVersion: version as 3 | 4 | 5,
    protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
    clean: settings.durable !== true,
    reconnectPeriod: 0,
    connectTimeout: settings.connectTimeoutMs,
    queueQoSZero: true,
    ...endpoint.tls,
  };
  if (settings.clientId !== undefined) options.clientId = settings.clientId;
  if (endpoint.user !== null) options.username = endpoint.user;
  if (endpoint.password !== null) options.password = endpoint.password;
  if (version === 5) {
    options.properties = { receiveMaximum: settings.receiveMaximum ?? 1024 };
    if (settings.durable === true) options.properties.sessionExpiryInterval = SESSION_EXPIRY_NEVER;
  }
  return options;
}

function connected(client: MqttClient, endpoint: Endpoint, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer);
      client.end(true);
      reject(new CommandError(`cannot connect to ${formatEndpoint(endpoint)}: ${reason}`));
    };
    const timer = setTimeout(() => fail('no answer in time'), timeoutMs);
    client.once('connect', () => {
      clearTimeout(timer);
      client.removeAllListeners('error');
      client.removeAllListeners('close');
      resolve();
    });
    // Kept until the connection stands: an error that nobody listens to would end the program.
    client.on('error', (error: Error & { code?: unknown }) =>
      fail(error.message === '' ? String(error.code ?? 'unknown error') : error.message),
    );
    client.on('close', () => fail('the connection was closed'));
  });
}

function publishOptions(message: OutgoingMessage, version: number): IClientPublishOptions {
  const options: IClientPublishOptions = { qos: message.qos, retain: message.retain ?? false };
  if (version < 5) {
    const extras = message.headers.length > 0 || message.contentType !== undefined;
    if (extras || message.timeToLiveSeconds !== undefined) {
      throw new CommandError('headers, content types and expiry need MQTT 5');
    }
    return options;
  }
  const properties: NonNullable<IClientPublishOptions['properties']> = {};
  if (message.contentType !== undefined) properties.contentType = message.contentType;
  if (message.timeToLiveSeconds !== undefined) {
    properties.messageExpiryInterval = Math.ceil(message.timeToLiveSeconds);
  }
  if (message.replyTo !== undefined) properties.responseTopic = message.replyTo;
  if (message.correlationId !== undefined) {
    properties.correlationData = Buffer.from(message.correlationId);
  }
  const headers: [string, string][] = message.headers.map(([name, value]) => [name, value]);
  if (message.priority !== undefined) headers.push(['priority', String(message.priority)]);
  if (headers.length > 0) properties.userProperties = groupHeaders(headers);
  return { ...options, properties };
}

/** The library takes one key with several values. */
function groupHeaders(headers: readonly (readonly [string, string])[]): Record<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const [name, value] of headers) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  return Object.fromEntries(grouped);
}

function toIncoming(packet: IPublishPacket): IncomingMessage {
  const { properties, payload, topic, dup, qos, retain } = packet;
  const headers = Object.entries(properties?.userProperties ?? {}).flatMap(([name, value]) =>
    [value].flat().map((single) => [name, String(single)] as const),
  );
  return {
    destination: topic,
    body: Buffer.isBuffer(payload) ? payload : Buffer.from(payload),
    headers,
    contentType: properties?.contentType ?? null,
    redelivered: dup,
    qos,
    retain,
  };
}

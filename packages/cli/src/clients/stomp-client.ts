import type { TcpNetConnectOpts } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import stompit from 'stompit';
import { type Endpoint, formatEndpoint, serverName } from '../endpoint.js';
import { CommandError } from '../exit-code.js';
import type {
  ClientSettings,
  IncomingMessage,
  MessageClient,
  OutgoingMessage,
  ReceiveOptions,
} from './message-client.js';
import { StompErrors } from './stomp-errors.js';

type Client = stompit.Client;
type Headers = Record<string, string>;
type Frame = Parameters<Parameters<Client['subscribe']>[1] & object>[1] & { headers: Headers };

const HEART_BEAT = '10000,10000';
const LINE_BYTES_MAX = 64 * 1024;
const HEADERS_MAX = 1000;
/** Headers of MESSAGE that are about the delivery, not about the message. */
const DELIVERY_HEADERS = new Set([
  'destination',
  'message-id',
  'subscription',
  'ack',
  'content-type',
  'content-length',
  'redelivered',
]);

/** Connects with the `stompit` library. */
export async function openStompClient(
  endpoint: Endpoint,
  settings: ClientSettings,
): Promise<MessageClient> {
  const { client, errors } = await connect(endpoint, settings);
  return new StompMessageClient(client, errors, endpoint, settings);
}

class StompMessageClient implements MessageClient {
  readonly ended: Promise<never>;
  readonly #client: Client;
  readonly #settings: ClientSettings;
  #failure: Error | null = null;
  #closing = false;
  /** Those who wait for a receipt. */
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(client: Client, errors: StompErrors, endpoint: Endpoint, settings: ClientSettings) {
    this.#client = client;
    this.#settings = settings;
    this.ended = new Promise((_resolve, reject) => {
      client.on('error', (error: Error) => {
        this.#failure = new CommandError(
          `${formatEndpoint(endpoint)} ended the connection: ${errors.describe(error)}`,
        );
        if (!this.#closing) reject(this.#failure);
        for (const fail of this.#waiting) fail(this.#failure);
      });
    });
    this.ended.catch(() => {});
  }

  async send(destination: string, message: OutgoingMessage): Promise<void> {
    const headers = sendHeaders(destination, message);
    if (message.qos > 0) return this.#withReceipt('SEND', headers, message.body);
    await new Promise<void>((resolve, reject) => {
      const frame = this.#client.sendFrame('SEND', headers);
      frame.on('error', reject);
      frame.write(message.body);
      frame.end((error?: Error | null) => (error ? reject(error) : resolve()));
    });
  }

  async receive(
    options: ReceiveOptions,
    take: (message: IncomingMessage) => Promise<boolean>,
  ): Promise<void> {
    const headers: Headers = {
      ...Object.fromEntries(options.headers),
      destination: options.destination,
      ack: options.ack,
      'prefetch-count': String(options.prefetch),
    };
    if (options.durable !== undefined) {
      headers['durable-subscription-name'] = options.durable;
      headers['activemq.subscriptionName'] = options.durable;
    }
    this.#client.subscribe(headers, (error, frame) => {
      if (error !== null) return;
      void this.#deliver(frame as unknown as Frame, options, take);
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#failure !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => done(), this.#settings.connectTimeoutMs);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#client.disconnect(done);
    });
    this.#client.getTransportSocket().destroy();
  }

  async #deliver(
    frame: Frame,
    options: ReceiveOptions,
    take: (message: IncomingMessage) => Promise<boolean>,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of frame as AsyncIterable<Buffer>) chunks.push(chunk);
    const settle = await take(toIncoming(frame.headers, Buffer.concat(chunks)));
    if (settle && options.ack !== 'auto' && this.#failure === null) {
      this.#client.ack(frame as never);
    }
  }

  #withReceipt(command: string, headers: Headers, body: Buffer): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#waiting.add(reject);
      const frame = this.#client.sendFrame(command, headers, {
        onReceipt: () => {
          this.#waiting.delete(reject);
          resolve();
        },
      } as never);
      frame.on('error', reject);
      frame.write(body);
      frame.end();
    });
  }
}

function connect(
  endpoint: Endpoint,
  settings: ClientSettings,
): Promise<{ readonly client: Client; readonly errors: StompErrors }> {
  const connectHeaders: Headers = { host: endpoint.host, 'heart-beat': HEART_BEAT };
  if (endpoint.user !== null) connectHeaders.login = endpoint.user;
  if (endpoint.password !== null) connectHeaders.passcode = endpoint.password;
  if (settings.clientId !== undefined) connectHeaders['client-id'] = settings.clientId;
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    timeout: settings.connectTimeoutMs,
    connectHeaders,
    maxLineLength: LINE_BYTES_MAX,
    maxHeaders: HEADERS_MAX,
    resetDisconnect: false,
    ...(endpoint.secure ? { ssl: true, ...serverName(endpoint), ...endpoint.tls } : {}),
  } as TcpNetConnectOpts & ConnectionOptions & { ssl: true };
  return new Promise((resolve, reject) => {
    const client = stompit.connect(options, (error: Error | null) => {
      if (error === null) return resolve({ client, errors });
      reject(
        new CommandError(
          `cannot connect to ${formatEndpoint(endpoint)}: ${errors.describe(error)}`,
        ),
      );
    });
    const errors = new StompErrors(client);
  });
}

function sendHeaders(destination: string, message: OutgoingMessage): Headers {
  const headers: Headers = {};
  for (const [name, value] of message.headers) {
    if (Object.hasOwn(headers, name)) {
      throw new CommandError(`the STOMP client sends a header once only: ${name}`);
    }
    headers[name] = value;
  }
  headers.destination = destination;
  headers['content-length'] = String(message.body.length);
  headers.persistent = String(message.qos > 0);
  if (message.contentType !== undefined) headers['content-type'] = message.contentType;
  if (message.priority !== undefined) headers.priority = String(message.priority);
  if (message.replyTo !== undefined) headers['reply-to'] = message.replyTo;
  if (message.correlationId !== undefined) headers['correlation-id'] = message.correlationId;
  if (message.timeToLiveSeconds !== undefined) {
    headers.expires = String(Date.now() + Math.round(message.timeToLiveSeconds * 1000));
  }
  return headers;
}

function toIncoming(headers: Headers, body: Buffer): IncomingMessage {
  return {
    destination: headers.destination ?? '',
    body,
    headers: Object.entries(headers).filter(([name]) => !DELIVERY_HEADERS.has(name)),
    contentType: headers['content-type'] ?? null,
    redelivered: headers.redelivered === 'true',
  };
}

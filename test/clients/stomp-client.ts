import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import { connect as connectSecurely } from 'node:tls';
import stompit from 'stompit';
import { createWebSocketStream, WebSocket } from 'ws';
import { Inbox } from './inbox.js';

export type Headers = Record<string, string>;

export interface StompMessage {
  readonly headers: Headers;
  readonly body: Buffer;
  /** What the library acknowledges. */
  readonly frame: stompit.Client.Message;
}

export interface StompTarget {
  readonly port: number;
  readonly over?: 'tcp' | 'webSocket';
  /** Connects with TLS, and trusts this authority. */
  readonly authority?: Buffer;
  readonly headers?: Headers;
}

interface SubscriptionHandle {
  readonly id: number;
  readonly inbox: Inbox<StompMessage>;
}

let subscriptions = 0;

/** A client of the `stompit` package. */
export class StompPeer {
  readonly client: stompit.Client;
  /** Messages of all subscriptions that have no inbox of their own. */
  readonly inbox = new Inbox<StompMessage>();
  /** Becomes what the broker said in an ERROR frame, or how the connection ended. */
  readonly failed: Promise<Error>;

  private constructor(client: stompit.Client) {
    this.client = client;
    this.failed = new Promise((resolve) => {
      client.on('error', (error: Error) => {
        this.inbox.fail(error);
        resolve(error);
      });
    });
  }

  static async open(target: StompTarget): Promise<StompPeer> {
    const client = new stompit.Client(await openStream(target));
    let refusal: string | null = null;
    guardFrames(client, (message) => {
      refusal = message;
    });
    const peer = new StompPeer(client);
    const headers = { host: 'localhost', 'accept-version': '1.2', ...target.headers };
    await new Promise<void>((resolve, reject) => {
      client.connect(headers, (error) => {
        if (error === null) resolve();
        else reject(refusal === null ? error : new Error(refusal));
      });
    });
    return peer;
  }

  /** Sends a message, or another frame, and waits for its RECEIPT. */
  async send(headers: Headers, body: string | Buffer = '', command = 'SEND'): Promise<void> {
    await this.#receipt((options) => {
      const frame = this.client.sendFrame(command, withLength(headers, body), options);
      if (body.length > 0) frame.write(body);
      frame.end();
    });
  }

  /** Sends a message and waits for nothing. */
  post(headers: Headers, body: string | Buffer = ''): void {
    const frame = this.client.sendFrame('SEND', withLength(headers, body));
    frame.write(body);
    frame.end();
  }

  /** Subscribes and waits until the broker has confirmed it. */
  async subscribe(
    destination: string,
    headers: Headers = {},
    inbox: Inbox<StompMessage> = this.inbox,
  ): Promise<SubscriptionHandle> {
    const id = ++subscriptions;
    const ack = (headers.ack ?? 'auto') as stompit.Client.Ack;
    this.client.setImplicitSubscription(id, ack, (error, frame) => {
      if (error === null) void collect(frame, inbox);
    });
    await this.send({ ...headers, id: String(id), destination, ack }, '', 'SUBSCRIBE');
    return { id, inbox };
  }

  async ack(message: StompMessage, headers: Headers = {}): Promise<void> {
    await this.#receipt((options) => this.client.ack(message.frame, headers, options));
  }

  async nack(message: StompMessage, headers: Headers = {}): Promise<void> {
    await this.#receipt((options) => this.client.nack(message.frame, headers, options));
  }

  /** Leaves with DISCONNECT and its receipt. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.client.disconnect(() => resolve()));
  }

  /** Breaks the connection without a word. */
  drop(): void {
    this.client.getTransportSocket().destroy();
  }

  #receipt(send: (options: stompit.Client.SendOptions) => unknown): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      void this.failed.then(reject);
      // The type wants an error handler that the library does without.
      send({ onReceipt: resolve } as stompit.Client.SendOptions);
    });
  }
}

/** The library does not count: without this header a body ends at its first zero byte. */
function withLength(headers: Headers, body: string | Buffer): Headers {
  if (body.length === 0) return { ...headers };
  return { ...headers, 'content-length': String(Buffer.byteLength(body)) };
}

/**
 * When the library gives up a connection it destroys the stream of the frame it reads with an
 * error that nobody listens to, which would end the process. And when the connection ends right
 * after an ERROR frame, it tells of the end and not of the frame.
 */
export function guardFrames(
  client: stompit.Client,
  refused: (message: string) => void = () => {},
): void {
  const setHandlers = client.setCommandHandlers.bind(client);
  client.setCommandHandlers = (handlers) => {
    const guarded = Object.entries(handlers).map(([command, handler]) => [
      command,
      function guard(this: unknown, frame: Writable, ...rest: unknown[]) {
        frame.on('error', () => {});
        if (command === 'ERROR')
          refused((frame as Writable & { headers: Headers }).headers.message!);
        (handler as (...args: unknown[]) => void).call(this, frame, ...rest);
      },
    ]);
    setHandlers(Object.fromEntries(guarded));
  };
}

async function collect(frame: stompit.Client.Message, inbox: Inbox<StompMessage>): Promise<void> {
  const stream = frame as unknown as Readable & Writable & { headers: Headers };
  const chunks: Buffer[] = [];
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  inbox.add({ headers: stream.headers, body: Buffer.concat(chunks), frame });
}

async function openStream({ port, over = 'tcp', authority }: StompTarget): Promise<Duplex> {
  if (over === 'webSocket') {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, ['v12.stomp']);
    await once(socket, 'open');
    return createWebSocketStream(socket);
  }
  if (authority !== undefined) {
    const secure = connectSecurely({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: authority,
    });
    await once(secure, 'secureConnect');
    return secure;
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

export function bodiesOf(messages: readonly StompMessage[]): string[] {
  return messages.map(({ body }) => body.toString());
}

import { once } from 'node:events';
import rhea, {
  type Connection,
  type ConnectionOptions,
  type Delivery,
  type EventContext,
  type Message,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type SenderOptions,
  type Session,
} from 'rhea';
import { WebSocket } from 'ws';
import { Inbox } from './inbox.js';

export interface AmqpTarget {
  readonly port: number;
  readonly over?: 'tcp' | 'webSocket';
  /** Connects with TLS, and trusts this authority. */
  readonly authority?: Buffer;
  /** More options of the library; a user `anonymous` without a password unless they say otherwise. */
  readonly options?: object;
}

/** What became of a message that was sent. */
export interface SendOutcome {
  readonly name: 'accepted' | 'rejected' | 'released' | 'modified';
  /** Of a rejected one. */
  readonly condition: string | undefined;
  readonly delivery: Delivery;
}

export interface AmqpArrival {
  readonly message: Message;
  readonly delivery: Delivery;
}

/** A client of the `rhea` package. */
export class AmqpPeer {
  readonly connection: Connection;
  /** Becomes why the broker ended the connection, or how it broke. */
  readonly failed: Promise<Error>;

  constructor(target: AmqpTarget) {
    this.connection = rhea.create_container().create_connection(connectOptions(target));
    this.failed = new Promise((resolve) => {
      const fail = (error: unknown) => resolve(toError(error));
      this.connection.on('connection_close', ({ error, connection }: EventContext) =>
        fail(error ?? connection.error),
      );
      this.connection.on('disconnected', ({ error }: EventContext) => fail(error));
      this.connection.on('protocol_error', fail);
      this.connection.on('error', fail);
    });
    // The library prints or throws what nobody listens to.
    for (const event of ['session_error', 'session_close']) this.connection.on(event, () => {});
  }

  /** Connects, and resolves when the broker has let the client in. */
  static async open(target: AmqpTarget): Promise<AmqpPeer> {
    const peer = new AmqpPeer(target);
    const opened = once(peer.connection, 'connection_open');
    peer.connection.connect();
    await Promise.race([opened, peer.failed.then((error) => Promise.reject(error))]);
    return peer;
  }

  /** Attaches a link to send on, and waits until the broker has done so. */
  async sender(options: SenderOptions | string, session?: Session): Promise<AmqpSender> {
    const settings = typeof options === 'string' ? { target: options } : options;
    const link = (session ?? this.connection).open_sender({
      autosettle: true,
      ...settings,
      ...{ treat_modified_as_released: false },
    });
    const sender = new AmqpSender(link);
    await attached(link, 'sender');
    return sender;
  }

  /** Attaches a link to receive on; credit for 100 unless `credit_window` says otherwise. */
  async receiver(options: ReceiverOptions | string, session?: Session): Promise<AmqpReceiver> {
    const settings = typeof options === 'string' ? { source: options } : options;
    const link = (session ?? this.connection).open_receiver({
      autoaccept: false,
      credit_window: 100,
      ...settings,
    });
    const receiver = new AmqpReceiver(link);
    await attached(link, 'receiver');
    return receiver;
  }

  session(): Session {
    const session = this.connection.create_session();
    session.begin();
    return session;
  }

  /** Leaves with `close`. */
  async close(): Promise<void> {
    if (!this.connection.is_open()) return;
    const closed = once(this.connection, 'connection_close');
    this.connection.close();
    await closed;
  }

  /** Breaks the connection without a word. */
  drop(): void {
    const { socket } = this.connection;
    socket?.removeAllListeners?.();
    socket?.on?.('error', () => {});
    if (socket?.destroy) socket.destroy();
    else socket?.end();
    // The library does not notice that (it listens to other events only).
    this.connection.set_reconnect(false);
    this.connection.eof();
  }
}

export class AmqpSender {
  readonly link: Sender;
  readonly #waiting = new Map<
    Delivery,
    { resolve: (outcome: SendOutcome) => void; reject: (error: Error) => void }
  >();

  constructor(link: Sender) {
    this.link = link;
    for (const name of ['accepted', 'rejected', 'released', 'modified'] as const) {
      link.on(name, ({ delivery }: EventContext) => {
        const condition = delivery!.remote_state?.error?.condition;
        // With a receiver that settles second, we settle first (AMQP 1.0, 2.8.3).
        if (!delivery!.remote_settled) delivery!.update(true);
        this.#waiting.get(delivery!)?.resolve({ name, condition, delivery: delivery! });
        this.#waiting.delete(delivery!);
      });
    }
    const fail = () => {
      for (const { reject } of this.#waiting.values()) reject(toError(link.error));
    };
    link.on('sender_close', fail);
    link.on('sender_error', () => {});
  }

  /** Resolves with the outcome. */
  send(message: Message | string): Promise<SendOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.post(message), { resolve, reject });
    });
  }

  /** Sends and waits for nothing. */
  post(message: Message | string): Delivery {
    return this.link.send(typeof message === 'string' ? { body: message, durable: true } : message);
  }

  async detach(): Promise<void> {
    const closed = once(this.link, 'sender_close');
    this.link.detach();
    await closed;
  }

  async close(): Promise<void> {
    const closed = once(this.link, 'sender_close');
    this.link.close();
    await closed;
  }
}

export class AmqpReceiver {
  readonly link: Receiver;
  readonly inbox = new Inbox<AmqpArrival>();

  constructor(link: Receiver) {
    this.link = link;
    link.on('message', ({ message, delivery }: EventContext) => {
      this.inbox.add({ message: message!, delivery: delivery! });
    });
    link.on('receiver_close', () => this.inbox.fail(toError(link.error)));
    link.on('receiver_error', () => {});
  }

  /** The next message, accepted. */
  async next(): Promise<Message> {
    const { message, delivery } = await this.inbox.next();
    if (!delivery.remote_settled) delivery.accept();
    return message;
  }

  /** Takes and accepts as many, and says what is in them. */
  async bodies(count: number): Promise<unknown[]> {
    const arrivals = await this.inbox.take(count);
    for (const { delivery } of arrivals) if (!delivery.remote_settled) delivery.accept();
    return arrivals.map(({ message }) => message.body);
  }

  /** Takes the credit back, and resolves when nothing more comes. */
  async drain(): Promise<void> {
    const drained = once(this.link, 'receiver_drained');
    this.link.drain_credit();
    await drained;
    this.link.drain = false;
  }

  async detach(): Promise<void> {
    const closed = once(this.link, 'receiver_close');
    this.link.detach();
    await closed;
  }

  async close(): Promise<void> {
    const closed = once(this.link, 'receiver_close');
    this.link.close();
    await closed;
  }
}

/** A link without its terminus is about to be refused (AMQP 1.0, 2.6.3). */
async function attached(link: Sender | Receiver, role: 'sender' | 'receiver'): Promise<void> {
  const refused = new Promise<never>((_resolve, reject) => {
    link.once(`${role}_close`, () => reject(toError(link.error)));
  });
  refused.catch(() => {});
  await Promise.race([once(link, `${role}_open`), refused]);
  // What is missing, the library shows as an object that stands for null.
  const terminus = (role === 'sender' ? link.target : link.source) as { value?: null };
  if (terminus.value === null) await refused;
}

function toError(error: unknown): Error {
  const { condition, description, message } = (error ?? {}) as Record<string, string>;
  const text = condition === undefined ? message : `${condition}: ${description}`;
  return Object.assign(new Error(text ?? 'the broker ended it'), { condition });
}

function connectOptions({ port, over, authority, options }: AmqpTarget): ConnectionOptions {
  const base = {
    host: '127.0.0.1',
    port,
    reconnect: false,
    username: 'anonymous',
    ...(authority === undefined
      ? {}
      : { transport: 'tls', ca: authority, servername: 'localhost' }),
    ...options,
  };
  if (over !== 'webSocket') return base as ConnectionOptions;
  const connect = rhea.websocket_connect(WebSocket);
  const connection_details = connect(`ws://127.0.0.1:${port}`, ['amqp'], {});
  return { ...base, connection_details } as unknown as ConnectionOptions;
}

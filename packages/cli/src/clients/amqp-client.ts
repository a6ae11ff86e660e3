import rhea, {
  type Connection,
  type EventContext,
  type Receiver,
  type ReceiverOptions,
} from 'rhea';
import { isQueue } from '../destination.js';
import { type Endpoint, formatEndpoint } from '../endpoint.js';
import { CommandError } from '../exit-code.js';
import {
  closeSocket,
  describeError,
  onConnectionEnd,
  openAmqpConnection,
} from './amqp-connection.js';
import { toAmqpMessage, toIncomingMessage } from './amqp-message.js';
import { AmqpOutbox } from './amqp-outbox.js';
import type {
  ClientSettings,
  IncomingMessage,
  MessageClient,
  OutgoingMessage,
  ReceiveOptions,
} from './message-client.js';

/** Settle modes (AMQP 1.0, 2.8.2 and 2.8.3). */
const SENDER_UNSETTLED = 0;
const SENDER_SETTLED = 1;
const RECEIVER_FIRST = 0;
/** A source whose unsettled deliveries outlive the connection (AMQP 1.0, 3.5.5). */
const UNSETTLED_STATE = 2;

type Take = (message: IncomingMessage) => Promise<boolean>;

/** Connects with the `rhea` library. */
export async function openAmqpClient(
  endpoint: Endpoint,
  settings: ClientSettings,
): Promise<MessageClient> {
  const connection = await openAmqpConnection(endpoint, settings);
  return new AmqpMessageClient(connection, endpoint, settings);
}

class AmqpMessageClient implements MessageClient {
  readonly ended: Promise<never>;
  readonly #connection: Connection;
  readonly #settings: ClientSettings;
  /** By destination, and whether its messages are settled when they leave. */
  readonly #outboxes = new Map<string, AmqpOutbox>();
  #fail: (reason: string) => void = () => {};
  #closing = false;

  constructor(connection: Connection, endpoint: Endpoint, settings: ClientSettings) {
    this.#connection = connection;
    this.#settings = settings;
    this.ended = new Promise((_resolve, reject) => {
      this.#fail = (reason) => {
        if (this.#closing) return;
        for (const outbox of this.#outboxes.values()) outbox.fail(reason);
        reject(new CommandError(reason));
      };
    });
    this.ended.catch(() => {});
    const ended = `${formatEndpoint(endpoint)} ended the connection`;
    onConnectionEnd(connection, (reason) => this.#fail(`${ended}: ${reason}`));
  }

  async send(destination: string, message: OutgoingMessage): Promise<void> {
    const settled = message.qos === 0;
    const key = `${settled} ${destination}`;
    let outbox = this.#outboxes.get(key);
    if (outbox === undefined) {
      outbox = new AmqpOutbox(this.#connection, destination, settled);
      this.#outboxes.set(key, outbox);
    }
    await outbox.send(toAmqpMessage(destination, message));
  }

  receive(options: ReceiveOptions, take: Take): Promise<void> {
    const receiver = this.#connection.open_receiver(receiverOptions(options));
    receiver.on('message', (context: EventContext) => {
      this.#deliver(receiver, context, options, take);
    });
    return new Promise((resolve, reject) => {
      receiver.once('receiver_open', () => {
        // A source that is missing announces a refusal (AMQP 1.0, 2.6.3). The library has an object
        // for it all the same.
        if (typeof receiver.source.address !== 'string') return;
        receiver.add_credit(options.prefetch);
        resolve();
      });
      const close = () => {
        const reason = `${options.destination} was closed: ${describeError(receiver.error)}`;
        reject(new CommandError(reason));
        this.#fail(reason);
      };
      receiver.on('receiver_error', close);
      receiver.on('receiver_close', close);
    });
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const connection = this.#connection;
    // Links are not closed before: that would end a durable subscription (AMQP 1.0, 2.6.4).
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, this.#settings.connectTimeoutMs);
      if (!connection.is_remote_open()) return done();
      connection.once('connection_close', done);
      connection.once('disconnected', done);
      connection.close();
    });
    closeSocket(connection);
  }

  #deliver(receiver: Receiver, context: EventContext, options: ReceiveOptions, take: Take): void {
    const delivery = context.delivery!;
    const incoming = toIncomingMessage(context.message!, delivery, options.destination);
    take(incoming).then(
      (settle) => {
        if (this.#closing) return;
        if (settle) delivery.accept();
        else delivery.release();
        if (settle) receiver.add_credit(1);
      },
      (error: Error) => this.#fail(error.message),
    );
  }
}

function receiverOptions(options: ReceiveOptions): ReceiverOptions {
  const { destination, durable } = options;
  const settled = options.qos === 0 || options.ack === 'auto';
  const headers = new Map(options.headers);
  const selector = headers.get('selector');
  const noLocal = headers.get('no-local') === 'true';
  const filter = {
    ...(selector === undefined ? {} : rhea.filter.selector(selector)),
    ...(noLocal ? { 'no-local': rhea.types.wrap_described([], NO_LOCAL_FILTER) } : {}),
  };
  return {
    ...(durable === undefined ? {} : { name: durable }),
    source: {
      address: destination,
      capabilities: [isQueue(destination, 'amqp') ? 'queue' : 'topic'],
      ...(Object.keys(filter).length === 0 ? {} : { filter }),
      ...(durable === undefined ? {} : { durable: UNSETTLED_STATE, expiry_policy: 'never' }),
    },
    snd_settle_mode: settled ? SENDER_SETTLED : SENDER_UNSETTLED,
    rcv_settle_mode: RECEIVER_FIRST,
    credit_window: 0,
    autoaccept: false,
  };
}

/** `apache.org:no-local-filter:list`. */
const NO_LOCAL_FILTER = 0x468c_0000_0003;

import rhea, { type Connection, type Delivery, type EventContext } from 'rhea';
import { Account } from './account.js';

const IN_FLIGHT = 40;
const RETRY_MS = 20;
const ADDRESS = 'queue://crash.amqp';
/** A receiver that learns when the broker has settled, too (AMQP 1.0, 2.8.3). */
const SETTLES_SECOND = 1;

/** An AMQP producer and a consumer of one queue, both reconnecting, at full rate. */
export class AmqpPair {
  readonly account = new Account('AMQP');
  /** Came again although the broker had settled it. */
  readonly returned: number[] = [];
  /** Came again as if for the first time, although it was sent once only. */
  readonly unflagged: number[] = [];
  readonly #settled = new Set<number>();
  readonly #delivered = new Set<number>();
  readonly #connections: Connection[];
  #sent = 0;
  #stopped = false;

  constructor(port: number) {
    this.#connections = [connect(port), connect(port)];
    this.#produce(this.#connections[0]!);
    this.#consume(this.#connections[1]!);
  }

  async finish(): Promise<void> {
    this.#stopped = true;
    await this.account.settled(() => true);
    for (const connection of this.#connections) {
      connection.set_reconnect(false);
      connection.close();
    }
  }

  /** A number whose outcome was lost with its connection is not sent again: it may be either. */
  #produce(connection: Connection): void {
    const sender = connection.open_sender({ target: ADDRESS, snd_settle_mode: 0 });
    const inFlight = new Map<Delivery, number>();
    const pump = () => {
      while (!this.#stopped && sender.is_open() && inFlight.size < IN_FLIGHT) {
        const number = this.#sent++;
        inFlight.set(sender.send({ body: String(number), durable: true }), number);
      }
    };
    sender.on('accepted', ({ delivery }: EventContext) => {
      const number = inFlight.get(delivery!);
      inFlight.delete(delivery!);
      if (number !== undefined) this.account.confirmed(number);
      pump();
    });
    sender.on('sender_open', () => {
      inFlight.clear();
      pump();
    });
  }

  #consume(connection: Connection): void {
    const receiver = connection.open_receiver({
      ...{
        source: ADDRESS,
        rcv_settle_mode: SETTLES_SECOND,
        autoaccept: false,
        credit_window: 100,
      },
    });
    const numbers = new Map<Delivery, number>();
    receiver.on('receiver_open', () => numbers.clear());
    receiver.on('message', ({ message, delivery }: EventContext) => {
      const number = Number(message!.body);
      const redelivered = (message!.delivery_count ?? 0) > 0;
      if (this.#settled.has(number)) this.returned.push(number);
      if (this.#delivered.has(number) && !redelivered) this.unflagged.push(number);
      this.#delivered.add(number);
      this.account.received(number);
      numbers.set(delivery!, number);
      delivery!.accept();
    });
    receiver.on('settled', ({ delivery }: EventContext) => {
      const number = numbers.get(delivery!);
      numbers.delete(delivery!);
      if (number !== undefined) this.#settled.add(number);
    });
  }
}

function connect(port: number): Connection {
  const connection = rhea.create_container().create_connection({
    ...{ host: '127.0.0.1', port, username: 'admin', password: 'admin', reconnect: RETRY_MS },
  });
  // The broker is killed all the time: that is the test. Without a listener the library complains.
  for (const event of ['disconnected', 'connection_close', 'error', 'protocol_error']) {
    connection.on(event, () => {});
  }
  connection.connect();
  return connection;
}

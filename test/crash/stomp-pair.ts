import { connect } from 'node:net';
import stompit, { type Client } from 'stompit';
import { guardFrames } from '../clients/stomp-client.js';
import { Account } from './account.js';

const IN_FLIGHT = 40;
const RETRY_MS = 20;

/** A STOMP producer and a consumer of one queue, both reconnecting, at full rate. */
export class StompPair {
  readonly account = new Account('STOMP');
  /** Came again although the receipt for its ACK had arrived. */
  readonly returned: number[] = [];
  /** Came again without `redelivered:true`, although only one SEND of it was ever confirmed. */
  readonly unflagged: number[] = [];
  readonly #port: number;
  readonly #settled = new Set<number>();
  readonly #delivered = new Set<number>();
  #sent = 0;
  #open = new Set<Client>();
  #stopped = false;
  #finished = false;

  constructor(port: number) {
    this.#port = port;
    this.#loop((client) => this.#produce(client));
    this.#loop((client) => this.#consume(client));
  }

  async finish(): Promise<void> {
    this.#stopped = true;
    await this.account.settled(() => true);
    this.#finished = true;
    for (const client of this.#open) client.destroy(new Error('the test is over'));
  }

  /** Connects again and again until the end. */
  #loop(work: (client: Client) => void): void {
    if (this.#finished) return;
    let failed = false;
    const retry = () => {
      if (failed) return;
      failed = true;
      setTimeout(() => this.#loop(work), RETRY_MS);
    };
    const socket = connect({ host: '127.0.0.1', port: this.#port });
    const client = new stompit.Client(socket);
    guardFrames(client);
    // The library adds one for each frame that is on its way.
    client.setMaxListeners(0);
    const lost = () => {
      this.#open.delete(client);
      retry();
    };
    socket.on('error', lost);
    client.on('error', lost);
    this.#open.add(client);
    client.connect({ host: '/', login: 'admin', passcode: 'admin' }, (error) => {
      if (error === null || error === undefined) work(client);
      else lost();
    });
  }

  /** A number whose receipt was lost with its connection is not sent again: it may be either. */
  #produce(client: Client): void {
    let inFlight = 0;
    let dead = false;
    client.on('error', () => {
      dead = true;
    });
    const pump = () => {
      while (!dead && !this.#stopped && inFlight < IN_FLIGHT) {
        const number = this.#sent++;
        inFlight++;
        const headers = { destination: '/queue/crash', persistent: 'true' };
        const onReceipt = () => {
          inFlight--;
          this.account.confirmed(number);
          pump();
        };
        client.send(headers, { onReceipt, onError: () => {} }).end(String(number));
      }
    };
    pump();
  }

  #consume(client: Client): void {
    const headers = { destination: '/queue/crash', ack: 'client-individual' };
    client.subscribe(headers, (error, message) => {
      if (error !== null && error !== undefined) return;
      message.readString('utf8', (failed, text) => {
        if (failed !== null && failed !== undefined) return;
        const number = Number(text);
        const { headers } = message as unknown as { headers: { redelivered?: string } };
        const redelivered = headers.redelivered === 'true';
        if (this.#settled.has(number)) this.returned.push(number);
        if (this.#delivered.has(number) && !redelivered) this.unflagged.push(number);
        this.#delivered.add(number);
        this.account.received(number);
        const onReceipt = () => void this.#settled.add(number);
        client.ack(message, {}, { onReceipt, onError: () => {} });
      });
    });
  }
}

import type { Connection, Delivery, EventContext, Message, Sender } from 'rhea';
import { isQueue } from '../destination.js';
import { CommandError } from '../exit-code.js';
import { describeError } from './amqp-connection.js';

/** Sender settle modes (AMQP 1.0, 2.8.2). */
const UNSETTLED = 0;
const SETTLED = 1;

interface Waiting {
  readonly message: Message;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A link to one destination, and the messages for it. They wait here for credit: in the library one
 * link without credit holds up all others of its session.
 */
export class AmqpOutbox {
  readonly #sender: Sender;
  readonly #settled: boolean;
  readonly #queue: Waiting[] = [];
  readonly #unsettled = new Map<Delivery, Waiting>();
  readonly #outcomes = new Map<Delivery, CommandError | null>();
  #credit = 0;
  #failure: CommandError | null = null;

  /** @param settled whether messages leave settled: nobody confirms them */
  constructor(connection: Connection, destination: string, settled: boolean) {
    this.#settled = settled;
    const capabilities = [isQueue(destination, 'amqp') ? 'queue' : 'topic'];
    const sender = connection.open_sender({
      target: { address: destination, capabilities },
      snd_settle_mode: settled ? SETTLED : UNSETTLED,
      // Otherwise a message that comes back modified is announced as released.
      ...{ treat_modified_as_released: false },
    });
    this.#sender = sender;
    const close = () => this.fail(`${destination} was closed: ${describeError(sender.error)}`);
    sender.on('sender_error', close);
    sender.on('sender_close', close);
    sender.on('sender_flow', () => this.#resume());
    for (const outcome of ['accepted', 'rejected', 'released', 'modified'] as const) {
      sender.on(outcome, ({ delivery }: EventContext) => this.#judge(delivery!, outcome));
    }
    sender.on('settled', ({ delivery }: EventContext) => this.#end(delivery!));
  }

  /** Resolves when the message is settled as accepted, or has left settled. */
  send(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#queue.push({ message, resolve, reject });
      this.#pump();
    });
  }

  /** Rejects whatever waits, and what comes later. */
  fail(reason: string): void {
    this.#failure ??= new CommandError(reason);
    for (const { reject } of [...this.#unsettled.values(), ...this.#queue]) reject(this.#failure);
    this.#unsettled.clear();
    this.#queue.length = 0;
  }

  #resume(): void {
    // The type leaves it out: what the broker granted and no message has used yet.
    this.#credit = (this.#sender as Sender & { credit: number }).credit;
    this.#pump();
  }

  #pump(): void {
    while (this.#credit > 0 && this.#queue.length > 0) {
      const waiting = this.#queue.shift()!;
      this.#credit--;
      const delivery = this.#sender.send(waiting.message);
      if (this.#settled) setImmediate(waiting.resolve);
      else this.#unsettled.set(delivery, waiting);
    }
  }

  /** An outcome may come some time before the delivery is settled (AMQP 1.0, 2.6.12). */
  #judge(delivery: Delivery, outcome: 'accepted' | 'rejected' | 'released' | 'modified'): void {
    const error = outcome === 'rejected' ? delivery.remote_state?.error : undefined;
    const detail = error === undefined || error === null ? '' : `: ${describeError(error)}`;
    this.#outcomes.set(
      delivery,
      outcome === 'accepted' ? null : new CommandError(`the message was ${outcome}${detail}`),
    );
  }

  #end(delivery: Delivery): void {
    const waiting = this.#unsettled.get(delivery);
    const refusal = this.#outcomes.get(delivery);
    this.#unsettled.delete(delivery);
    this.#outcomes.delete(delivery);
    if (refusal === null) waiting?.resolve();
    else waiting?.reject(refusal ?? new CommandError('the message was settled without an outcome'));
  }
}

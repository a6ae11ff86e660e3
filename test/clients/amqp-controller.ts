import { once } from 'node:events';
import rhea, { type Delivery, type EventContext, type Message, type Sender } from 'rhea';
import { DECLARE, dischargeMessage } from '../support/raw-amqp-controller.js';
import type { AmqpPeer, AmqpSender } from './amqp-client.js';

/** AMQP 1.0, part 3.4 and 4.5: descriptors. */
const CODE = {
  accepted: 0x24,
  coordinator: 0x30,
  declared: 0x33,
  transactional: 0x34,
} as const;

/** The place of `state` in a transfer (part 2.7.5). */
const STATE_FIELD = 7;

const { types } = rhea;

/** A described list as the library reads it. */
interface Described {
  readonly descriptor: { readonly value: number };
  readonly value: readonly { readonly value: Buffer; readonly descriptor?: { value: number } }[];
}

/** What the library writes a frame with. */
interface Output {
  output(frame: { delivery_id?: number; value: unknown[] }, payload: unknown): void;
}

/** Does transactions with the `rhea` package, which has no words of its own for them. */
export class AmqpController {
  readonly #link: Sender;
  /** What transfers are to say, by session and delivery-id. */
  readonly #states = new Map<unknown, Map<number, unknown>>();

  private constructor(link: Sender) {
    this.#link = link;
  }

  static async attach(peer: AmqpPeer): Promise<AmqpController> {
    const link = peer.connection.open_sender({ name: 'controller', autosettle: true });
    const { attach } = (link as unknown as { local: { attach: { target: unknown } } }).local;
    attach.target = described([types.wrap_symbol('amqp:local-transactions')], CODE.coordinator);
    await once(link, 'sender_open');
    return new AmqpController(link);
  }

  async declare(): Promise<Buffer> {
    const { remote_state } = await this.#request(DECLARE);
    const { descriptor, value } = remote_state as unknown as Described;
    if (descriptor.value !== CODE.declared) throw new Error(`state ${descriptor.value}`);
    return value[0]!.value;
  }

  /** @returns the condition with which it was refused; undefined when it was not */
  async commit(txnId: Buffer): Promise<string | undefined> {
    const { remote_state } = await this.#request(dischargeMessage(txnId, false));
    return remote_state?.error?.condition;
  }

  async rollback(txnId: Buffer): Promise<string | undefined> {
    const { remote_state } = await this.#request(dischargeMessage(txnId, true));
    return remote_state?.error?.condition;
  }

  /** Sends in a transaction. @returns whether that is accepted, as far as can be said now */
  async send(sender: AmqpSender, message: Message | string, txnId: Buffer): Promise<boolean> {
    const { link } = sender;
    const delivery = sender.post(message);
    this.#statesOf(link.session).set(delivery.id, stateOf(txnId));
    const { remote_state } = await settled(link, delivery);
    const { descriptor, value } = remote_state as unknown as Described;
    if (descriptor.value !== CODE.transactional) throw new Error(`state ${descriptor.value}`);
    return value[0]!.value.equals(txnId) && value[1]!.descriptor?.value === CODE.accepted;
  }

  /** Accepts a delivery in a transaction. @param settle whether it is the client that settles */
  accept(delivery: Delivery, txnId: Buffer, settle = true): void {
    delivery.update(settle, stateOf(txnId, CODE.accepted) as never);
  }

  /** The library cannot encode a body with a descriptor: it gets bytes, and their format. */
  #request(message: Buffer): Promise<Delivery> {
    return settled(this.#link, this.#link.send(message, undefined as never, 0));
  }

  /** The library gives its transfers no state: it is put in where they are written. */
  #statesOf(session: unknown): Map<number, unknown> {
    const known = this.#states.get(session);
    if (known !== undefined) return known;
    const states = new Map<number, unknown>();
    this.#states.set(session, states);
    const writer = session as Output;
    const write = writer.output.bind(writer);
    writer.output = (frame, payload) => {
      if (frame.delivery_id !== undefined && states.has(frame.delivery_id)) {
        while (frame.value.length < STATE_FIELD) frame.value.push(types.wrap(null));
        frame.value[STATE_FIELD] = states.get(frame.delivery_id);
      }
      write(frame, payload);
    };
    return states;
  }
}

function described(fields: readonly unknown[], code: number): unknown {
  return types.wrap_described(fields, code as never);
}

function stateOf(txnId: Buffer, outcome?: number): unknown {
  const fields = [types.wrap_binary(txnId)];
  return described(
    outcome === undefined ? fields : [...fields, described([], outcome)],
    CODE.transactional,
  );
}

function settled(link: Sender, delivery: Delivery): Promise<Delivery> {
  return new Promise((resolve) => {
    const listen = (context: EventContext) => {
      if (context.delivery !== delivery) return;
      link.removeListener('settled', listen);
      resolve(delivery);
    };
    link.on('settled', listen);
  });
}

import { expect } from 'vitest';
import type { RawAmqp } from './raw-amqp.js';
import { encodeComposite, type StateFields } from './raw-amqp-composites.js';
import { amqp, type FrameFields, type RawFrame } from './raw-amqp-frames.js';
import { encodeMessage } from './raw-amqp-message.js';

/** Part 4.2: a message that declares a transaction. */
export const DECLARE = encodeMessage({ value: encodeComposite('declare') });

/** Part 4.3. */
export function dischargeMessage(txnId: Buffer, fail?: boolean): Buffer {
  return encodeMessage({ value: encodeComposite('discharge', { txnId, fail }) });
}

/** Part 4.5.6. */
export function inTransaction(txnId: Buffer, outcome?: StateFields): StateFields {
  return { kind: 'transactionalState', txnId, outcome };
}

/** What its attach says; the handle is one that can be used. */
type ControlLink = FrameFields<'attach'> & { readonly handle?: number };

/** A controller of transactions on one session of a client; it counts what that session sends. */
export class RawController {
  readonly client: RawAmqp;
  readonly #channel: number;
  readonly #handle: number;
  #deliveries = 0;

  constructor(client: RawAmqp, handle: number, channel: number) {
    this.client = client;
    this.#handle = handle;
    this.#channel = channel;
  }

  /** Attaches a control link, on handle 9 unless told. */
  static async attach(client: RawAmqp, fields: ControlLink = {}): Promise<RawController> {
    const { handle = 9, channel = 0 } = fields;
    const source = { outcomes: ['amqp:accepted:list', 'amqp:rejected:list'] };
    const target = { kind: 'coordinator', capabilities: ['amqp:local-transactions'] };
    const name = `control ${channel}.${handle}`;
    await client.attachSender('', { name, source, target, ...fields, handle, channel });
    return new RawController(client, handle, channel);
  }

  /** Sends a delivery on any link of the session; returns its id. */
  transfer(message: Buffer, fields: FrameFields<'transfer'> = {}): number {
    const deliveryId = this.#deliveries++;
    const channel = this.#channel;
    const named = { channel, deliveryId, deliveryTag: `${deliveryId}`, ...fields };
    this.client.send(amqp.transfer(named, message));
    return deliveryId;
  }

  /** Sends a message to the coordinator; returns the id of the delivery. */
  request(message: Buffer, fields: FrameFields<'transfer'> = {}): number {
    return this.transfer(message, { handle: this.#handle, ...fields });
  }

  /** Sends a message in a transaction, on handle 0 unless told; returns the id of the delivery. */
  post(txnId: Buffer, message: Buffer, fields: FrameFields<'transfer'> = {}): number {
    return this.transfer(message, { state: inTransaction(txnId), ...fields });
  }

  /** The server settles a delivery with this state. */
  async expectState(deliveryId: number, state: object): Promise<RawFrame> {
    const about = { role: true, channel: this.#channel, settled: true, state };
    return this.client.expect('disposition', { first: deliveryId, ...about });
  }

  /** Posts a message and expects that it is accepted provisionally (part 4.4.1). */
  async posted(
    txnId: Buffer,
    message: Buffer,
    fields: FrameFields<'transfer'> = {},
  ): Promise<void> {
    const id = this.post(txnId, message, fields);
    await this.expectState(id, {
      kind: 'transactionalState',
      txnId,
      outcome: { kind: 'accepted' },
    });
  }

  async declare(): Promise<Buffer> {
    const { state } = await this.expectState(this.request(DECLARE), { kind: 'declared' });
    expect(state.txnId.length).toBeGreaterThan(0);
    expect(state.txnId.length).toBeLessThanOrEqual(32);
    return state.txnId;
  }

  async commit(txnId: Buffer): Promise<void> {
    await this.expectState(this.request(dischargeMessage(txnId, false)), { kind: 'accepted' });
  }

  async rollback(txnId: Buffer): Promise<void> {
    await this.expectState(this.request(dischargeMessage(txnId, true)), { kind: 'accepted' });
  }

  /** A discharge is refused with this condition (part 4.5.8). */
  async refused(txnId: Buffer, condition: string, fail = false): Promise<RawFrame> {
    const id = this.request(dischargeMessage(txnId, fail));
    return this.expectState(id, { kind: 'rejected', error: { condition } });
  }
}

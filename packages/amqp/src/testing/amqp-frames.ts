import { decodeDisposition } from '../codec/decode-disposition.js';
import { decodeFlow } from '../codec/decode-flow.js';
import {
  decodeAttach,
  decodeBegin,
  decodeClose,
  decodeDetach,
  decodeEnd,
  decodeOpen,
  performativeCode,
} from '../codec/decode-performative.js';
import { decodeTransfer } from '../codec/decode-transfer.js';
import { encodeFrame } from '../codec/encode-frame.js';
import { encodeState } from '../codec/encode-state.js';
import { FieldReader } from '../codec/field-reader.js';
import { FrameReader } from '../codec/frame-reader.js';
import {
  type AmqpErrorInfo,
  type Attach,
  type Begin,
  DESCRIPTOR,
  type DeliveryState,
  type Detach,
  DispositionFrame,
  FlowFrame,
  FRAME_TYPE,
  type Open,
  TransferFrame,
} from '../codec/types.js';
import type { AmqpValue } from '../codec/value.js';
import type { ValueWriter } from '../codec/value-writer.js';

/** `hex('00 53 24 45')`. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

/** A protocol header (part 2.2): 0 is AMQP, 2 TLS, 3 SASL. */
export function protocolHeader(protocolId: number): Buffer {
  return Buffer.from([...Buffer.from('AMQP'), protocolId, 1, 0, 0]);
}

/** Part 2.7.5; what is not given is left out. */
export interface TransferFields {
  readonly handle?: number;
  readonly deliveryId?: number;
  readonly deliveryTag?: string | Uint8Array;
  readonly messageFormat?: number;
  readonly settled?: boolean;
  readonly more?: boolean;
  readonly rcvSettleMode?: number;
  readonly state?: DeliveryState;
  readonly resume?: boolean;
  readonly aborted?: boolean;
  readonly batchable?: boolean;
}

export function encodeTransfer(
  channel: number,
  transfer: TransferFields,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const { deliveryTag } = transfer;
  return encodeFrame(FRAME_TYPE.amqp, channel, (writer) => {
    writer.described(DESCRIPTOR.transfer).beginList();
    writer.uint(transfer.handle ?? 0).uint(transfer.deliveryId ?? null);
    writer.binary(deliveryTag === undefined ? null : Buffer.from(deliveryTag as string));
    writer.uint(transfer.messageFormat ?? null);
    writer.boolean(transfer.settled ?? null).boolean(transfer.more ?? null);
    writer.ubyte(transfer.rcvSettleMode ?? null);
    writeState(writer, transfer.state);
    writer.boolean(transfer.resume ?? null).boolean(transfer.aborted ?? null);
    writer.boolean(transfer.batchable ?? null).endList();
    writer.bytes.bytes(payload);
  });
}

/** Part 2.7.4; what is not given is left out, but for the windows. */
export interface FlowFields {
  readonly nextIncomingId?: number;
  readonly incomingWindow?: number;
  readonly nextOutgoingId?: number;
  readonly outgoingWindow?: number;
  readonly handle?: number;
  readonly deliveryCount?: number;
  readonly linkCredit?: number;
  readonly available?: number;
  readonly drain?: boolean;
  readonly echo?: boolean;
  readonly properties?: ReadonlyMap<AmqpValue, AmqpValue>;
}

export function encodeFlow(channel: number, flow: FlowFields): Buffer {
  return encodeFrame(FRAME_TYPE.amqp, channel, (writer) => {
    writer.described(DESCRIPTOR.flow).beginList();
    writer.uint(flow.nextIncomingId ?? null).uint(flow.incomingWindow ?? 2048);
    writer.uint(flow.nextOutgoingId ?? 0).uint(flow.outgoingWindow ?? 2048);
    writer.uint(flow.handle ?? null).uint(flow.deliveryCount ?? null);
    writer.uint(flow.linkCredit ?? null).uint(flow.available ?? null);
    writer.boolean(flow.drain ?? null).boolean(flow.echo ?? null);
    writer.value(flow.properties ?? null).endList();
  });
}

/** Part 2.7.6; what is not given is left out. */
export interface DispositionFields {
  readonly role: boolean;
  readonly first: number;
  readonly last?: number;
  readonly settled?: boolean;
  readonly state?: DeliveryState;
  readonly batchable?: boolean;
}

export function encodeDisposition(channel: number, disposition: DispositionFields): Buffer {
  return encodeFrame(FRAME_TYPE.amqp, channel, (writer) => {
    writer.described(DESCRIPTOR.disposition).beginList();
    writer
      .boolean(disposition.role)
      .uint(disposition.first)
      .uint(disposition.last ?? null);
    writer.boolean(disposition.settled ?? null);
    writeState(writer, disposition.state);
    writer.boolean(disposition.batchable ?? null).endList();
  });
}

export function encodeSaslInit(
  mechanism: string,
  initialResponse: string | Uint8Array | null = null,
  hostname: string | null = null,
): Buffer {
  return encodeFrame(FRAME_TYPE.sasl, 0, (writer) => {
    writer.described(DESCRIPTOR.saslInit).beginList().symbol(mechanism);
    writer.binary(initialResponse === null ? null : Buffer.from(initialResponse as string));
    writer.string(hostname).endList();
  });
}

export function encodeSaslResponse(response: string | Uint8Array): Buffer {
  return encodeFrame(FRAME_TYPE.sasl, 0, (writer) => {
    writer.described(DESCRIPTOR.saslResponse).beginList();
    writer.binary(Buffer.from(response as string)).endList();
  });
}

/** What a peer sends: frames by name, protocol headers, and heart-beats (`empty`). */
export type AmqpFrame = { readonly channel: number } & (
  | { readonly kind: 'header'; readonly protocolId: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'open'; readonly open: Open }
  | { readonly kind: 'begin'; readonly begin: Begin }
  | { readonly kind: 'attach'; readonly attach: Attach }
  | { readonly kind: 'flow'; readonly flow: FlowFrame }
  | {
      readonly kind: 'transfer';
      readonly transfer: TransferFrame;
      readonly deliveryTag: Buffer | null;
      readonly payload: Buffer;
    }
  | { readonly kind: 'disposition'; readonly disposition: DispositionFrame }
  | { readonly kind: 'detach'; readonly detach: Detach }
  | { readonly kind: 'end'; readonly error: AmqpErrorInfo | null }
  | { readonly kind: 'close'; readonly error: AmqpErrorInfo | null }
  | { readonly kind: 'sasl-mechanisms'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-challenge'; readonly challenge: Buffer }
  | {
      readonly kind: 'sasl-outcome';
      readonly code: number;
      readonly additionalData: Buffer | null;
    }
);

/**
 * All that a server has sent, which must end with a whole frame.
 * @throws WireError when something is not as it must be
 */
export function decodeFrames(output: Buffer): AmqpFrame[] {
  const frames: AmqpFrame[] = [];
  const reader = new FrameReader(0xffffffff);
  for (let at = 0; at < output.length; ) {
    if (output.toString('latin1', at, at + 4) === 'AMQP') {
      frames.push({ kind: 'header', channel: 0, protocolId: output[at + 4]! });
      at += 8;
      continue;
    }
    at = reader.next(output, at);
    if (at < 0) throw new Error('the output ends within a frame');
    frames.push(decodeFrame(reader, output));
  }
  return frames;
}

function decodeFrame(reader: FrameReader, view: Buffer): AmqpFrame {
  const { type, channel, start, end } = reader;
  if (start === end) return { kind: 'empty', channel };
  if (type === FRAME_TYPE.sasl) return decodeSaslFrame(view, start, end);
  switch (performativeCode(view, start, end)) {
    case DESCRIPTOR.open:
      return { kind: 'open', channel, open: decodeOpen(view, start, end) };
    case DESCRIPTOR.begin:
      return { kind: 'begin', channel, begin: decodeBegin(view, start, end) };
    case DESCRIPTOR.attach:
      return { kind: 'attach', channel, attach: decodeAttach(view, start, end) };
    case DESCRIPTOR.flow: {
      const flow = new FlowFrame();
      decodeFlow(view, start, end, flow);
      return { kind: 'flow', channel, flow };
    }
    case DESCRIPTOR.transfer:
      return decodeTransferFrame(channel, view, start, end);
    case DESCRIPTOR.disposition: {
      const disposition = new DispositionFrame();
      decodeDisposition(view, start, end, disposition);
      return { kind: 'disposition', channel, disposition };
    }
    case DESCRIPTOR.detach:
      return { kind: 'detach', channel, detach: decodeDetach(view, start, end) };
    case DESCRIPTOR.end:
      return { kind: 'end', channel, error: decodeEnd(view, start, end) };
    case DESCRIPTOR.close:
      return { kind: 'close', channel, error: decodeClose(view, start, end) };
    default:
      throw new Error(`a performative that is none: ${view.toString('hex', start, end)}`);
  }
}

function decodeTransferFrame(channel: number, view: Buffer, start: number, end: number): AmqpFrame {
  const transfer = new TransferFrame();
  decodeTransfer(view, start, end, transfer);
  const { tagStart, tagEnd, payloadStart, payloadEnd } = transfer;
  return {
    kind: 'transfer',
    channel,
    transfer,
    deliveryTag: tagStart < 0 ? null : Buffer.from(view.subarray(tagStart, tagEnd)),
    payload: Buffer.from(view.subarray(payloadStart, payloadEnd)),
  };
}

function decodeSaslFrame(view: Buffer, start: number, end: number): AmqpFrame {
  const code = performativeCode(view, start, end);
  const fields = new FieldReader();
  fields.open('a SASL frame', view, start, end);
  const channel = 0;
  switch (code) {
    case DESCRIPTOR.saslMechanisms:
      return { kind: 'sasl-mechanisms', channel, mechanisms: fields.symbols('mechanisms') };
    case DESCRIPTOR.saslChallenge:
      return { kind: 'sasl-challenge', channel, challenge: fields.requireBinary('challenge') };
    case DESCRIPTOR.saslOutcome: {
      const outcome = fields.ubyte('code');
      const additionalData = fields.binary('additional-data');
      return { kind: 'sasl-outcome', channel, code: outcome, additionalData };
    }
    default:
      throw new Error(`a SASL frame that is none: ${view.toString('hex', start, end)}`);
  }
}

function writeState(writer: ValueWriter, state: DeliveryState | undefined): void {
  if (state === undefined) writer.null();
  else writer.encoded(encodeState(state));
}

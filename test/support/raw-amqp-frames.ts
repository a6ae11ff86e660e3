import {
  type CompositeName,
  decodeComposite,
  descriptorOf,
  encodeComposite,
  type FieldsOf,
} from './raw-amqp-composites.js';
import { described } from './raw-amqp-values.js';

/** Frames of part 2 and part 5 that a client may send. */
type FrameName =
  | 'open'
  | 'begin'
  | 'attach'
  | 'flow'
  | 'transfer'
  | 'disposition'
  | 'detach'
  | 'end'
  | 'close'
  | 'saslInit'
  | 'saslResponse';

const SASL_CODE_MIN = 0x40;

/** Fields that a test names; `channel` is that of the frame, 0 unless given. */
export type FrameFields<Name extends CompositeName> = FieldsOf<Name> & {
  readonly channel?: number;
};

/** A protocol header (section 2.2): 0 is AMQP, 2 TLS, 3 SASL. */
export function header(protocolId: number, version: readonly number[] = [1, 0, 0]): Buffer {
  return Buffer.from([...Buffer.from('AMQP'), protocolId, ...version]);
}

/** A frame (section 2.3) around any bytes. */
export function rawFrame(
  body: Buffer,
  head: { channel?: number; type?: number; extended?: Buffer } = {},
): Buffer {
  const { channel = 0, type = 0, extended = Buffer.alloc(0) } = head;
  const bytes = Buffer.concat([Buffer.alloc(8), extended, body]);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes[4] = 2 + extended.length / 4;
  bytes[5] = type;
  bytes.writeUInt16BE(channel, 6);
  return bytes;
}

/** A performative whose fields are encoded values, in their order: for frames that break rules. */
export function rawPerformative(
  name: CompositeName,
  fields: Buffer,
  { channel = 0, payload = Buffer.alloc(0) }: { channel?: number; payload?: Buffer } = {},
): Buffer {
  return rawFrame(Buffer.concat([described(descriptorOf(name), fields), payload]), { channel });
}

function encode<Name extends FrameName>(
  name: Name,
  { channel = 0, ...fields }: FrameFields<Name>,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const performative = encodeComposite(name, fields as unknown as FieldsOf<Name>);
  const type = descriptorOf(name) >= SASL_CODE_MIN ? 1 : 0;
  return rawFrame(Buffer.concat([performative, payload]), { channel, type });
}

/** The frames of a client, with no more fields than are given. */
export const amqp = {
  open: (fields: FrameFields<'open'> = {}) => encode('open', { containerId: 'raw', ...fields }),
  begin: (fields: FrameFields<'begin'> = {}) =>
    encode('begin', { nextOutgoingId: 0, incomingWindow: 2048, outgoingWindow: 2048, ...fields }),
  attach: (fields: FrameFields<'attach'>) => encode('attach', { handle: 0, ...fields }),
  /** The windows are those of a session in which nothing has happened, unless given. */
  flow: (fields: FrameFields<'flow'> = {}) =>
    encode('flow', {
      nextIncomingId: 0,
      incomingWindow: 2048,
      nextOutgoingId: 0,
      outgoingWindow: 2048,
      ...fields,
    }),
  transfer: (fields: FrameFields<'transfer'> = {}, payload?: Buffer) =>
    encode('transfer', { handle: 0, ...fields }, payload),
  disposition: (fields: FrameFields<'disposition'>) => encode('disposition', fields),
  detach: (fields: FrameFields<'detach'> = {}) => encode('detach', { handle: 0, ...fields }),
  end: (fields: FrameFields<'end'> = {}) => encode('end', fields),
  close: (fields: FrameFields<'close'> = {}) => encode('close', fields),
  saslInit: (fields: FrameFields<'saslInit'>) => encode('saslInit', fields),
  saslResponse: (fields: FrameFields<'saslResponse'>) => encode('saslResponse', fields),
  /** A heart-beat (section 2.4.5). */
  empty: (channel = 0) => rawFrame(Buffer.alloc(0), { channel }),
};

/** What a server has sent: a frame, or a protocol header as `kind: 'header'`. */
export interface RawFrame {
  readonly kind: CompositeName | 'empty' | 'header';
  /** Of a header: the protocol id. */
  readonly protocolId?: number;
  readonly channel: number;
  readonly type: number;
  /** All of its bytes. */
  readonly bytes: Buffer;
  /** What follows the performative: of a transfer, the message or a part of it. */
  readonly payload: Buffer;
  /** The fields of the performative that are neither missing nor null, by their names. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it expects
  readonly [field: string]: any;
}

/**
 * Takes the frame or protocol header apart with which `input` begins.
 * @returns null while it is incomplete
 */
export function decodeRawFrame(input: Buffer): RawFrame | null {
  if (input.length < 8) return null;
  if (input.toString('latin1', 0, 4) === 'AMQP') return decodeHeader(input.subarray(0, 8));
  const size = input.readUInt32BE(0);
  if (size < 8) throw new Error(`a frame of ${size} bytes`);
  if (input.length < size) return null;
  const bytes = input.subarray(0, size);
  const type = bytes[5] ?? -1;
  if (bytes[4] !== 2 || type > 1) throw new Error(`a frame header: ${bytes.toString('hex', 0, 8)}`);
  const about = { channel: bytes.readUInt16BE(6), type, bytes };
  const body = bytes.subarray(8);
  if (body.length === 0) return { ...about, kind: 'empty', payload: body };
  const { kind, fields, end } = decodeComposite(body);
  const payload = body.subarray(end);
  if (payload.length > 0 && kind !== 'transfer') throw new Error(`${kind} with a payload`);
  return { ...fields, ...about, kind, payload };
}

function decodeHeader(bytes: Buffer): RawFrame {
  const [protocolId = -1, ...version] = bytes.subarray(4);
  if (version.join('.') !== '1.0.0') throw new Error(`AMQP ${version.join('.')}`);
  return { kind: 'header', protocolId, channel: 0, type: 0, bytes, payload: Buffer.alloc(0) };
}

import { WireError } from '@causeway/wire';
import { errorField } from './decode-error.js';
import { decodeSource, decodeTarget } from './decode-terminus.js';
import { decodeUnsettled } from './decode-unsettled.js';
import { descriptorCode } from './descriptor.js';
import { FieldReader } from './field-reader.js';
import {
  ABSENT,
  type AmqpErrorInfo,
  type Attach,
  type Begin,
  type Detach,
  type Open,
  RECEIVER_SETTLE_MODE,
  SENDER_SETTLE_MODE,
} from './types.js';

const UINT_MAX = 0xffffffff;
const USHORT_MAX = 0xffff;

/**
 * Which performative the frame body `view[start, end)` begins with: one of `DESCRIPTOR`.
 * @throws WireError when it begins with something else
 */
export function performativeCode(view: Buffer, start: number, end: number): number {
  return descriptorCode(view, start, end);
}

/** Part 2.7.1. This and the others throw WireError and name the field when one is not as it must be. */
export function decodeOpen(view: Buffer, start: number, end: number): Open {
  const fields = openFields('open', view, start, end);
  const containerId = fields.requireString('container-id');
  const hostname = fields.string('hostname');
  const maxFrameSize = fields.uint('max-frame-size', UINT_MAX);
  const channelMax = fields.ushort('channel-max', USHORT_MAX);
  const idleTimeOut = fields.uint('idle-time-out', 0);
  fields.symbols('outgoing-locales');
  fields.symbols('incoming-locales');
  return {
    containerId,
    hostname,
    maxFrameSize,
    channelMax,
    idleTimeOut,
    offeredCapabilities: fields.symbols('offered-capabilities'),
    desiredCapabilities: fields.symbols('desired-capabilities'),
    properties: fields.map('properties'),
  };
}

/** Part 2.7.2. */
export function decodeBegin(view: Buffer, start: number, end: number): Begin {
  const fields = openFields('begin', view, start, end);
  const remoteChannel = fields.ushort('remote-channel');
  return {
    remoteChannel: remoteChannel === ABSENT ? null : remoteChannel,
    nextOutgoingId: fields.requireUint('next-outgoing-id'),
    incomingWindow: fields.requireUint('incoming-window'),
    outgoingWindow: fields.requireUint('outgoing-window'),
    handleMax: fields.uint('handle-max', UINT_MAX),
  };
}

/** Part 2.7.3. */
export function decodeAttach(view: Buffer, start: number, end: number): Attach {
  const fields = openFields('attach', view, start, end);
  const head = {
    name: fields.requireString('name'),
    handle: fields.requireUint('handle'),
    role: fields.requireBoolean('role'),
    sndSettleMode: choice(fields.ubyte('snd-settle-mode', SENDER_SETTLE_MODE.mixed), 2),
    rcvSettleMode: choice(fields.ubyte('rcv-settle-mode', RECEIVER_SETTLE_MODE.first), 1),
  };
  const source = fields.skip();
  const sourceEnd = fields.position;
  const target = fields.skip();
  const targetEnd = fields.position;
  const unsettled = fields.skip();
  const unsettledEnd = fields.position;
  const incompleteUnsettled = fields.boolean('incomplete-unsettled') ?? false;
  const initialDeliveryCount = fields.uint('initial-delivery-count');
  return {
    ...head,
    source: source < 0 ? null : decodeSource(view, source, sourceEnd),
    target: target < 0 ? null : decodeTarget(view, target, targetEnd),
    unsettled: unsettled < 0 ? null : decodeUnsettled(view, unsettled, unsettledEnd),
    incompleteUnsettled,
    initialDeliveryCount: initialDeliveryCount === ABSENT ? null : initialDeliveryCount,
    maxMessageSize: fields.ulong('max-message-size', 0),
    offeredCapabilities: fields.symbols('offered-capabilities'),
    desiredCapabilities: fields.symbols('desired-capabilities'),
    properties: fields.map('properties'),
  };
}

/** Part 2.7.7. */
export function decodeDetach(view: Buffer, start: number, end: number): Detach {
  const fields = openFields('detach', view, start, end);
  return {
    handle: fields.requireUint('handle'),
    closed: fields.boolean('closed') ?? false,
    error: errorField(fields, view),
  };
}

/** Part 2.7.8. */
export function decodeEnd(view: Buffer, start: number, end: number): AmqpErrorInfo | null {
  return errorField(openFields('end', view, start, end), view);
}

/** Part 2.7.9. */
export function decodeClose(view: Buffer, start: number, end: number): AmqpErrorInfo | null {
  return errorField(openFields('close', view, start, end), view);
}

/** The fields of a performative after which nothing may follow. */
function openFields(what: string, view: Buffer, start: number, end: number): FieldReader {
  const fields = new FieldReader();
  if (fields.open(what, view, start, end) !== end)
    throw new WireError(`${what} goes on after its end`);
  return fields;
}

function choice(mode: number, max: number): number {
  if (mode > max) throw new WireError(`${mode} is no settle mode of an attach`);
  return mode;
}

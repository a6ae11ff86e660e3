import { encodeFrame } from './encode-frame.js';
import { encodeState, writeError } from './encode-state.js';
import { writeSource, writeTarget } from './encode-terminus.js';
import {
  type AmqpErrorInfo,
  type Attach,
  type Begin,
  DESCRIPTOR,
  type DeliveryState,
  type Detach,
  FRAME_TYPE,
  type Open,
} from './types.js';
import type { ValueWriter } from './value-writer.js';

/** Part 2.7.1. Each of these gives one whole frame. */
export function encodeOpen(channel: number, open: Open): Buffer {
  return performative(channel, DESCRIPTOR.open, (writer) => {
    writer.string(open.containerId).string(open.hostname);
    writer
      .uint(open.maxFrameSize)
      .ushort(open.channelMax)
      .uint(open.idleTimeOut || null);
    writer.null().null(); // Locales
    writer.symbolArray(open.offeredCapabilities).symbolArray(open.desiredCapabilities);
    writer.value(open.properties);
  });
}

/** Part 2.7.2. */
export function encodeBegin(channel: number, begin: Begin): Buffer {
  return performative(channel, DESCRIPTOR.begin, (writer) => {
    writer.ushort(begin.remoteChannel).uint(begin.nextOutgoingId);
    writer.uint(begin.incomingWindow).uint(begin.outgoingWindow).uint(begin.handleMax);
  });
}

/** Part 2.7.3. */
export function encodeAttach(channel: number, attach: Attach): Buffer {
  return performative(channel, DESCRIPTOR.attach, (writer) => {
    writer.string(attach.name).uint(attach.handle).boolean(attach.role);
    writer.ubyte(attach.sndSettleMode).ubyte(attach.rcvSettleMode);
    writeSource(writer, attach.source);
    writeTarget(writer, attach.target);
    writeUnsettled(writer, attach.unsettled);
    writer.boolean(attach.incompleteUnsettled || null).uint(attach.initialDeliveryCount);
    writer.ulong(attach.maxMessageSize || null);
    writer.symbolArray(attach.offeredCapabilities).symbolArray(attach.desiredCapabilities);
    writer.value(attach.properties);
  });
}

/** Part 2.7.7. */
export function encodeDetach(channel: number, detach: Detach): Buffer {
  return performative(channel, DESCRIPTOR.detach, (writer) => {
    writer.uint(detach.handle).boolean(detach.closed);
    writeError(writer, detach.error);
  });
}

/** Part 2.7.8. */
export function encodeEnd(channel: number, error: AmqpErrorInfo | null): Buffer {
  return performative(channel, DESCRIPTOR.end, (writer) => writeError(writer, error));
}

/** Part 2.7.9. */
export function encodeClose(channel: number, error: AmqpErrorInfo | null): Buffer {
  return performative(channel, DESCRIPTOR.close, (writer) => writeError(writer, error));
}

function performative(channel: number, code: number, fill: (writer: ValueWriter) => void): Buffer {
  return encodeFrame(FRAME_TYPE.amqp, channel, (writer) => {
    fill(writer.described(code).beginList());
    writer.endList();
  });
}

function writeUnsettled(
  writer: ValueWriter,
  unsettled: ReadonlyMap<string, DeliveryState | null> | null,
): void {
  if (unsettled === null) {
    writer.null();
    return;
  }
  writer.beginMap();
  for (const [tag, state] of unsettled) {
    writer.binary(Buffer.from(tag, 'latin1'));
    if (state === null) writer.null();
    else writer.encoded(encodeState(state));
  }
  writer.endMap();
}

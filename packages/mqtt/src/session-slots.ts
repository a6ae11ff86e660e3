import type { Message, QueueEntry } from '@causeway/core';

/**
 * The durable values of an MQTT session, by number:
 *
 * - 1 to 65,535: a QoS 2 PUBLISH of the client with this packet identifier was taken and its PUBREL
 *   is awaited;
 * - 65,536 + packet identifier: a QoS 2 PUBLISH to the client, see {@link OutboundSlot}.
 */
const OUTBOUND = 65_536;
const IN_FLIGHT = 1;
const RELEASED = 2;
const ADOPTED = 3;
const IN_FLIGHT_BYTES = 13;
const ADOPTED_BYTES = 9;

export const INBOUND_TAKEN = Buffer.of(1);
export const OUTBOUND_RELEASED = Buffer.of(RELEASED);

/** A QoS 2 exchange with the client as the subscriber. */
export interface OutboundSlot {
  readonly packetId: number;
  /** The client has taken the message; what is missing is PUBREL and PUBCOMP. */
  readonly released: boolean;
  /** Which entry of which queue it delivers; 0 when something else says so. */
  readonly queueId: number;
  readonly sequence: number;
  /** The message that it delivers, when that came over from a group's queue; else 0. */
  readonly messageId: number;
}

export function outboundSlot(packetId: number): number {
  return OUTBOUND + packetId;
}

export function encodeInFlight(entry: QueueEntry): Buffer {
  const value = Buffer.alloc(IN_FLIGHT_BYTES);
  value[0] = IN_FLIGHT;
  value.writeUIntBE(entry.queue.id, 1, 6);
  value.writeUIntBE(entry.sequence, 7, 6);
  return value;
}

/** A message that moved from a group's queue to the session's is found by its id. */
export function encodeAdopted(message: Message): Buffer {
  const value = Buffer.alloc(ADOPTED_BYTES);
  value[0] = ADOPTED;
  value.writeBigUInt64BE(BigInt(message.id), 1);
  return value;
}

/** The exchanges that a session's slots tell of, in the order of their packet identifiers. */
export function outboundSlots(slots: ReadonlyMap<number, Buffer>): OutboundSlot[] {
  const found: OutboundSlot[] = [];
  for (const [slot, value] of slots) {
    if (slot > OUTBOUND) found.push({ packetId: slot - OUTBOUND, ...decode(value) });
  }
  return found.sort((left, right) => left.packetId - right.packetId);
}

function decode(value: Buffer): Omit<OutboundSlot, 'packetId'> {
  const nothing = { released: false, queueId: 0, sequence: 0, messageId: 0 };
  if (value[0] === IN_FLIGHT && value.length >= IN_FLIGHT_BYTES) {
    return { ...nothing, queueId: value.readUIntBE(1, 6), sequence: value.readUIntBE(7, 6) };
  }
  if (value[0] === ADOPTED && value.length >= ADOPTED_BYTES) {
    return { ...nothing, messageId: Number(value.readBigUInt64BE(1)) };
  }
  return { ...nothing, released: true };
}

import { ByteWriter, type OutputBuffer } from '@causeway/wire';
import { writeProperties } from './properties.js';
import { PACKET, type Properties, type Version } from './types.js';

/** Encoders of the packets that the broker sends, except PUBLISH. */

export interface Connack {
  readonly sessionPresent: boolean;
  /** A reason code of MQTT 5, or a return code of MQTT 3. */
  readonly code: number;
  readonly properties: Properties;
}

export function encodeConnack(version: Version, connack: Connack): Buffer {
  const body = new ByteWriter(64);
  body.uint8(connack.sessionPresent ? 1 : 0).uint8(connack.code);
  if (version === 5) writeProperties(body, connack.properties);
  return frame(PACKET.connack << 4, body);
}

/** SUBACK or UNSUBACK. The UNSUBACK of MQTT 3 has no codes: give none. */
export function encodeCodes(
  type: 'suback' | 'unsuback',
  version: Version,
  packetId: number,
  codes: readonly number[],
  properties: Properties,
): Buffer {
  const body = new ByteWriter(64);
  body.uint16(packetId);
  if (version === 5) writeProperties(body, properties);
  for (const code of codes) body.uint8(code);
  return frame(PACKET[type] << 4, body);
}

/** DISCONNECT or AUTH of MQTT 5. */
export function encodeReasonPacket(
  type: 'disconnect' | 'auth',
  reason: number,
  properties: Properties,
): Buffer {
  const body = new ByteWriter(64);
  body.uint8(reason);
  writeProperties(body, properties);
  return frame(PACKET[type] << 4, body);
}

/** First bytes of acknowledgements; PUBREL's flags are fixed [MQTT-3.6.1-1]. */
export const ACK = {
  puback: PACKET.puback << 4,
  pubrec: PACKET.pubrec << 4,
  pubrel: (PACKET.pubrel << 4) | 0x02,
  pubcomp: PACKET.pubcomp << 4,
} as const;

/** Writes an acknowledgement without properties; reason 0 is left out [MQTT 5 3.4.2.1]. */
export function writeAck(out: OutputBuffer, first: number, packetId: number, reason: number): void {
  out.reserve(5);
  const { buffer } = out;
  let at = out.position;
  buffer[at++] = first;
  buffer[at++] = reason === 0 ? 2 : 3;
  buffer[at++] = packetId >> 8;
  buffer[at++] = packetId & 0xff;
  if (reason !== 0) buffer[at++] = reason;
  out.position = at;
}

/** An acknowledgement of MQTT 5 that says why. */
export function encodeAckWithText(
  first: number,
  packetId: number,
  reason: number,
  reasonString: string,
): Buffer {
  const body = new ByteWriter(64);
  body.uint16(packetId).uint8(reason);
  writeProperties(body, { reasonString });
  return frame(first, body);
}

export function writePingresp(out: OutputBuffer): void {
  out.reserve(2);
  out.buffer[out.position++] = PACKET.pingresp << 4;
  out.buffer[out.position++] = 0;
}

function frame(first: number, body: ByteWriter): Buffer {
  return new ByteWriter(body.length + 5)
    .uint8(first)
    .variableInteger(body.length)
    .bytes(body.view())
    .take();
}

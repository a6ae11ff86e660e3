import type { ByteReader, ByteWriter } from '@causeway/wire';
import { malformed } from './mqtt-error.js';

/** The longest text or binary value: its length is written in two bytes [MQTT 5 1.5.4]. */
export const TEXT_BYTES_MAX = 65_535;

/** A UTF-8 string: well-formed [MQTT-1.5.4-1] and without U+0000 [MQTT-1.5.4-2]. */
export function readText(reader: ByteReader): string {
  const text = reader.text(reader.uint16());
  if (text.includes('\0')) throw malformed('a text holds U+0000');
  return text;
}

/** Binary data, as a view of the packet. */
export function readBinary(reader: ByteReader): Buffer {
  return reader.bytes(reader.uint16());
}

/** Whether a text fits into an MQTT string. */
export function isWritable(text: string): boolean {
  return !text.includes('\0') && Buffer.byteLength(text) <= TEXT_BYTES_MAX;
}

export function writeText(writer: ByteWriter, text: string): void {
  const at = writer.length;
  writer.uint16(0).utf8(text);
  writer.patchUint16(at, writer.length - at - 2);
}

export function writeBinary(writer: ByteWriter, bytes: Uint8Array): void {
  writer.uint16(bytes.length).bytes(bytes);
}

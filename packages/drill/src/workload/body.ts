import { crc32 } from 'node:zlib';
import { messageId } from '../ledger/message-id.js';

const LINE_FEED = 10;
/** Whatever is not a message of a drill has this id. */
const NOT_OURS = 'unknown';

/** A message on its way out. */
export interface OutgoingMessage {
  readonly id: string;
  readonly sequence: number;
  readonly body: Buffer;
  readonly crc: number;
}

/** Makes a body that names its message, of `size` bytes or what the name takes. */
export function makeMessage(producer: string, sequence: number, size: number): OutgoingMessage {
  const id = messageId(producer, sequence);
  const head = `${id}\n`;
  const body = Buffer.alloc(Math.max(size, head.length), String(sequence));
  body.write(head, 'latin1');
  return { id, sequence, body, crc: crc32(body) };
}

/** Reads the name of a message from its body, whatever it is. */
export function readBody(body: Uint8Array): { readonly id: string; readonly crc: number } {
  const end = body.indexOf(LINE_FEED);
  const id = end < 1 ? NOT_OURS : Buffer.from(body.subarray(0, end)).toString('latin1');
  return { id, crc: crc32(body) };
}

import type { OutputBuffer } from '@causeway/wire';
import { writeDecimal } from './digits.js';
import { headerLine } from './header-block.js';
import type { ServerCommand, Version } from './types.js';

const RECEIPT = Buffer.from('RECEIPT\nreceipt-id:', 'latin1');
/** The end of a frame without a body: the end of its last header, a blank line, NUL. */
const END_BYTES = 3;
const DECIMAL_BYTES_MAX = 16;

export interface FrameParts {
  /** A header line whose bytes, as Latin-1, are not to be escaped again. */
  readonly rawLine?: string | null;
  readonly body?: Buffer;
}

/** Writes a frame that is not one of the many: CONNECTED and ERROR. */
export function writeFrame(
  out: OutputBuffer,
  version: Version,
  command: ServerCommand,
  headers: readonly (readonly [name: string, value: string])[],
  parts: FrameParts = {},
): void {
  let head = `${command}\n`;
  for (const [name, value] of headers) head += headerLine(name, value, version);
  if (parts.body !== undefined) head += `content-length:${parts.body.length}\n`;
  out.text(head);
  if (parts.rawLine != null) {
    const line = Buffer.from(parts.rawLine, 'latin1');
    out.copy(line, 0, line.length);
  }
  out.uint8(10);
  if (parts.body !== undefined) out.copy(parts.body, 0, parts.body.length);
  out.uint8(0);
}

/** Writes a RECEIPT whose id is a decimal number. */
export function writeNumberReceipt(out: OutputBuffer, receipt: number): void {
  out.reserve(RECEIPT.length + DECIMAL_BYTES_MAX + END_BYTES);
  const target = out.buffer;
  let at = out.position;
  for (let index = 0; index < RECEIPT.length; index++) target[at++] = RECEIPT[index]!;
  at = writeDecimal(target, at, receipt);
  out.position = writeEnd(target, at);
}

/** Writes a RECEIPT whose id is given as Latin-1 of its bytes. */
export function writeTextReceipt(out: OutputBuffer, receipt: string): void {
  out.reserve(RECEIPT.length + receipt.length + END_BYTES);
  const target = out.buffer;
  let at = out.position;
  for (let index = 0; index < RECEIPT.length; index++) target[at++] = RECEIPT[index]!;
  at += target.write(receipt, at, 'latin1');
  out.position = writeEnd(target, at);
}

function writeEnd(target: Buffer, at: number): number {
  target[at] = 10;
  target[at + 1] = 10;
  target[at + 2] = 0;
  return at + END_BYTES;
}

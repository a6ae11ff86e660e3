import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { IncomingMessage } from './clients/message-client.js';

export type MessageFormat = 'lines' | 'raw' | 'json';

/** One message as the bytes to write: its body and a newline, its bare body, or a line of JSON. */
export function formatMessage(message: IncomingMessage, format: MessageFormat): Buffer {
  if (format === 'raw') return message.body;
  if (format === 'lines') return Buffer.concat([message.body, Buffer.from('\n')]);
  return Buffer.from(`${JSON.stringify(toJson(message))}\n`);
}

/** Writes, and waits when whoever reads is slow. */
export async function writeMessage(
  output: Writable,
  message: IncomingMessage,
  format: MessageFormat,
): Promise<void> {
  if (!output.write(formatMessage(message, format))) await once(output, 'drain');
}

function toJson(message: IncomingMessage): object {
  const { body, headers, destination, contentType, redelivered, qos, retain } = message;
  return {
    destination,
    ...(isUtf8(body) ? { body: body.toString() } : { bodyBase64: body.toString('base64') }),
    ...(contentType === null ? {} : { contentType }),
    ...(headers.length === 0 ? {} : { headers: groupHeaders(headers) }),
    redelivered,
    ...(qos === undefined ? {} : { qos }),
    ...(retain === undefined ? {} : { retain }),
  };
}

/** A header that occurs several times becomes a list. */
function groupHeaders(
  headers: readonly (readonly [string, string])[],
): Record<string, string | string[]> {
  const grouped = new Map<string, string[]>();
  for (const [name, value] of headers) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  return Object.fromEntries(
    [...grouped].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]),
  );
}

import { isUtf8 } from 'node:buffer';
import type { PlainBody } from '@causeway/core';

const TEXTUAL_TYPE =
  /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded)$)|[+](json|xml)$/;
const UTF8_CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);
const LATIN1_CHARSETS = new Set(['iso-8859-1', 'latin1']);

/**
 * Tells text from bytes. Clients send a content-length with nearly everything, so that header says
 * nothing: `amq-msg-type` decides, then the content type, then whether the bytes are text.
 */
export function readBody(
  bytes: Buffer,
  contentType: string | undefined,
  messageType?: string,
): PlainBody {
  const binary: PlainBody = { kind: 'binary', bytes };
  if (messageType === 'bytes') return binary;
  if (contentType === undefined) {
    const text = messageType === 'text' || !bytes.includes(0);
    return text && isUtf8(bytes) ? { kind: 'text', text: bytes.toString('utf8') } : binary;
  }
  const { type, charset } = parseContentType(contentType);
  const textual = messageType === 'text' || charset !== null || TEXTUAL_TYPE.test(type);
  if (!textual) return binary;
  if (charset !== null && LATIN1_CHARSETS.has(charset)) {
    return { kind: 'text', text: bytes.toString('latin1') };
  }
  if (charset !== null && !UTF8_CHARSETS.has(charset)) return binary;
  return isUtf8(bytes) ? { kind: 'text', text: bytes.toString('utf8') } : binary;
}

function parseContentType(contentType: string): { type: string; charset: string | null } {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=');
    if (name?.trim() !== 'charset') continue;
    return { type: type.trim(), charset: value.trim().replace(/^"(.*)"$/, '$1') };
  }
  return { type: type.trim(), charset: null };
}

/** The bytes of a body under its content type: text is UTF-8 unless the type says Latin-1. */
export function writeBody(body: PlainBody, contentType: string | undefined): Buffer {
  if (body.kind === 'binary') return Buffer.from(body.bytes);
  const charset = contentType === undefined ? null : parseContentType(contentType).charset;
  const latin1 = charset !== null && LATIN1_CHARSETS.has(charset);
  return Buffer.from(body.text, latin1 ? 'latin1' : 'utf8');
}

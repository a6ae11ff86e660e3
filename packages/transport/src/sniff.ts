import type { Protocol } from '@causeway/core';

/** What the first bytes of a connection are. */
export type Sniffed =
  | { readonly kind: 'more' }
  | { readonly kind: 'tls' }
  | { readonly kind: 'http' }
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'unknown' };

/** Every protocol shows itself within so many bytes; who has not by then is none of them. */
export const SNIFF_BYTES_MAX = 64;

/** First byte of a TLS record that carries a handshake (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16;
/** `CONNECT ` is missing on purpose: no proxy is offered here, and STOMP begins alike. */
const HTTP_VERBS = ['GET ', 'POST ', 'PUT ', 'HEAD ', 'OPTIONS ', 'DELETE ', 'PATCH ', 'TRACE '];

const MORE: Sniffed = { kind: 'more' };
const TLS: Sniffed = { kind: 'tls' };
const HTTP: Sniffed = { kind: 'http' };
const UNKNOWN: Sniffed = { kind: 'unknown' };

/** Recognises a connection by its first bytes; `head` holds all of them so far, at least one. */
export function sniff(head: Buffer, protocols: readonly Protocol[]): Sniffed {
  if (head[0] === TLS_HANDSHAKE) return TLS;
  const http = sniffHttp(head);
  if (http === 'yes') return HTTP;
  let undecided = http === 'more';
  for (const protocol of protocols) {
    const answer = protocol.sniff(head);
    if (answer === 'yes') return { kind: 'protocol', protocol };
    if (answer === 'more') undecided = true;
  }
  return undecided && head.length < SNIFF_BYTES_MAX ? MORE : UNKNOWN;
}

function sniffHttp(head: Buffer): 'yes' | 'no' | 'more' {
  const start = head.toString('latin1', 0, 8);
  for (const verb of HTTP_VERBS) {
    if (start.startsWith(verb)) return 'yes';
    if (verb.startsWith(start)) return 'more';
  }
  return 'no';
}

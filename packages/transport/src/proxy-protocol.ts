import { isIPv4, isIPv6 } from 'node:net';
import { canonicalIpv6 } from './address-text.js';

/** What the first bytes behind a proxy are (PROXY protocol, versions 1 and 2). */
export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed' }
  | {
      readonly kind: 'header';
      /** Bytes that the header takes; what follows is the client's. */
      readonly length: number;
      /** Null when the proxy speaks for itself, such as for a health check. */
      readonly source: { readonly address: string; readonly port: number } | null;
    };

const V1_PREFIX = Buffer.from('PROXY ');
/** The longest line that version 1 allows, its end included (section 2.1). */
const V1_BYTES_MAX = 107;
const V2_SIGNATURE = Buffer.from([13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]);
const V2_FIXED_BYTES = 16;
/** Addresses take 36 bytes or, for UNIX sockets, 216; the rest is what proxies say of TLS. */
const V2_REST_BYTES_MAX = 4096;

const MORE: ProxyHeader = { kind: 'more' };
const MALFORMED: ProxyHeader = { kind: 'malformed' };

/** Reads a PROXY header; `head` holds everything received so far, at least one byte. */
export function parseProxyHeader(head: Buffer): ProxyHeader {
  if (startsAlike(head, V1_PREFIX)) return parseVersion1(head);
  if (startsAlike(head, V2_SIGNATURE)) return parseVersion2(head);
  return MALFORMED;
}

function startsAlike(head: Buffer, signature: Buffer): boolean {
  const length = Math.min(head.length, signature.length);
  return head.compare(signature, 0, length, 0, length) === 0;
}

function parseVersion1(head: Buffer): ProxyHeader {
  const end = head.subarray(0, V1_BYTES_MAX).indexOf('\r\n');
  if (end < 0) return head.length < V1_BYTES_MAX ? MORE : MALFORMED;
  const length = end + 2;
  const [, family, address, destination, sourcePort, destinationPort, ...rest] = head
    .toString('latin1', 0, end)
    .split(' ');
  if (family === 'UNKNOWN') return { kind: 'header', length, source: null };
  const source = parseAddress(family, address);
  const port = parsePort(sourcePort);
  if (source === null || port === null || rest.length > 0) return MALFORMED;
  if (parseAddress(family, destination) === null || parsePort(destinationPort) === null) {
    return MALFORMED;
  }
  return { kind: 'header', length, source: { address: source, port } };
}

function parseAddress(family: string | undefined, text = ''): string | null {
  if (family === 'TCP4') return isIPv4(text) ? text : null;
  // A zone names an interface of the proxy: it means nothing here.
  if (family === 'TCP6') return isIPv6(text) && !text.includes('%') ? canonicalIpv6(text) : null;
  return null;
}

function parsePort(text = ''): number | null {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return null;
  const port = Number(text);
  return port <= 65_535 ? port : null;
}

function parseVersion2(head: Buffer): ProxyHeader {
  if (head.length < V2_FIXED_BYTES) return MORE;
  const versionAndCommand = head[12]!;
  const rest = head.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2 || rest > V2_REST_BYTES_MAX) return MALFORMED;
  const command = versionAndCommand & 0x0f;
  if (command > 1) return MALFORMED;
  const length = V2_FIXED_BYTES + rest;
  if (head.length < length) return MORE;
  // Command 0 is LOCAL: the proxy's own connection, whatever addresses follow (section 2.2).
  if (command === 0) return { kind: 'header', length, source: null };
  return version2Source(head, rest, length);
}

function version2Source(head: Buffer, rest: number, length: number): ProxyHeader {
  switch (head[13]) {
    case 0x11: {
      if (rest < 12) return MALFORMED;
      const address = head.subarray(16, 20).join('.');
      return { kind: 'header', length, source: { address, port: head.readUInt16BE(24) } };
    }
    case 0x21: {
      if (rest < 36) return MALFORMED;
      const address = canonicalIpv6(groups(head.subarray(16, 32)));
      return { kind: 'header', length, source: { address, port: head.readUInt16BE(48) } };
    }
    default:
      // Other families have no address that could be counted: the connection is taken as it is.
      return { kind: 'header', length, source: null };
  }
}

function groups(bytes: Buffer): string {
  const words: string[] = [];
  for (let at = 0; at < 16; at += 2) words.push(bytes.readUInt16BE(at).toString(16));
  return words.join(':');
}

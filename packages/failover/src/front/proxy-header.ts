import { isIPv4, isIPv6 } from 'node:net';
import type { SocketAddress } from '../proxy/fault-proxy.js';

export type ProxyHeaderVersion = 'v1' | 'v2';

const V2_SIGNATURE = Buffer.from([13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]);
const V2_PROXY = 0x21;
const V2_LOCAL = 0x20;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

/**
 * The header that tells whoever is behind a proxy where a connection came from (PROXY protocol,
 * sections 2.1 and 2.2). Addresses of two families, which have no form there, are left out.
 */
export function encodeProxyHeader(
  version: ProxyHeaderVersion,
  source: SocketAddress,
  destination: SocketAddress,
): Buffer {
  const from = { ...source, host: plain(source.host) };
  const to = { ...destination, host: plain(destination.host) };
  const family =
    isIPv4(from.host) && isIPv4(to.host) ? 4 : isIPv6(from.host) && isIPv6(to.host) ? 6 : 0;
  return version === 'v1' ? encodeVersion1(family, from, to) : encodeVersion2(family, from, to);
}

/** An IPv4 address that a socket for both families shows as IPv6 is an IPv4 address. */
function plain(host: string): string {
  return /^::ffff:[\d.]+$/i.test(host) ? host.slice(7) : host;
}

function encodeVersion1(family: 0 | 4 | 6, from: SocketAddress, to: SocketAddress): Buffer {
  if (family === 0) return Buffer.from('PROXY UNKNOWN\r\n');
  return Buffer.from(`PROXY TCP${family} ${from.host} ${to.host} ${from.port} ${to.port}\r\n`);
}

function encodeVersion2(family: 0 | 4 | 6, from: SocketAddress, to: SocketAddress): Buffer {
  if (family === 0) return Buffer.concat([V2_SIGNATURE, Buffer.from([V2_LOCAL, 0, 0, 0])]);
  const bytesOf = family === 4 ? ipv4Bytes : ipv6Bytes;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(from.port, 0);
  ports.writeUInt16BE(to.port, 2);
  const addresses = Buffer.concat([bytesOf(from.host), bytesOf(to.host), ports]);
  const kind = family === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  const head = Buffer.from([V2_PROXY, kind, 0, addresses.length]);
  return Buffer.concat([V2_SIGNATURE, head, addresses]);
}

function ipv4Bytes(host: string): Buffer {
  return Buffer.from(host.split('.').map(Number));
}

function ipv6Bytes(host: string): Buffer {
  // The URL's form is the compressed one of RFC 5952, without an embedded IPv4 address.
  const text = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [left = '', right] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':'));
  const [head, tail] = [words(left), words(right ?? '')];
  const missing = right === undefined ? 0 : 8 - head.length - tail.length;
  const bytes = Buffer.alloc(16);
  const all = [...head, ...new Array<string>(missing).fill('0'), ...tail];
  for (const [index, word] of all.entries()) {
    bytes.writeUInt16BE(Number.parseInt(word, 16), 2 * index);
  }
  return bytes;
}

import { describe, expect, it } from 'vitest';
import { type ProxyHeader, parseProxyHeader } from './proxy-protocol.js';

const SIGNATURE = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10];

function version2(command: number, family: number, rest: Buffer, claimed = rest.length): Buffer {
  const lengths = [claimed >> 8, claimed & 255];
  return Buffer.concat([Buffer.from([...SIGNATURE, command, family, ...lengths]), rest]);
}

const IPV4 = Buffer.from([192, 0, 2, 7, 192, 0, 2, 1, 0x30, 0x39, 0x07, 0x5b]);
const IPV6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from([0x30, 0x39, 0x07, 0x5b]),
]);
const MAPPED = Buffer.concat([
  Buffer.from('00000000000000000000ffffc0000207', 'hex'),
  Buffer.from('00000000000000000000ffffc0000201', 'hex'),
  Buffer.from([0x30, 0x39, 0x07, 0x5b]),
]);

/** Every beginning must ask for more; only the whole header is an answer. */
function parseByteByByte(header: Buffer): ProxyHeader {
  for (let length = 1; length < header.length; length++) {
    expect(parseProxyHeader(header.subarray(0, length))).toEqual({ kind: 'more' });
  }
  const whole = parseProxyHeader(header);
  expect(parseProxyHeader(Buffer.concat([header, Buffer.from('\x10CONNECT')]))).toEqual(whole);
  return whole;
}

describe('parseProxyHeader, version 1', () => {
  it.each([
    ['PROXY TCP4 192.0.2.7 192.0.2.1 12345 1883\r\n', '192.0.2.7'],
    ['PROXY TCP6 2001:db8::7 2001:db8::1 12345 1883\r\n', '2001:db8::7'],
    ['PROXY TCP6 2001:DB8:0:0:0:0:0:7 2001:db8::1 12345 1883\r\n', '2001:db8::7'],
    ['PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.1 12345 1883\r\n', '192.0.2.7'],
  ])('reads %j', (line, address) => {
    const length = line.length;
    expect(parseByteByByte(Buffer.from(line))).toEqual({
      kind: 'header',
      length,
      source: { address, port: 12345 },
    });
  });

  it.each(['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'])(
    'takes the connection as it is after %j',
    (line) => {
      const expected = { kind: 'header', length: line.length, source: null };
      expect(parseByteByByte(Buffer.from(line))).toEqual(expected);
    },
  );

  it.each([
    'GET / HTTP/1.1\r\n',
    'PROXY\r\n',
    'PROXY TCP4\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 12345\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 12345 1883 9\r\n',
    'PROXY TCP4 192.0.2.700 192.0.2.1 12345 1883\r\n',
    'PROXY TCP4 2001:db8::7 2001:db8::1 12345 1883\r\n',
    'PROXY TCP6 192.0.2.7 192.0.2.1 12345 1883\r\n',
    'PROXY TCP6 fe80::1%eth0 fe80::2 12345 1883\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 65536 1883\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 012 1883\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 -1 1883\r\n',
    'PROXY UDP4 192.0.2.7 192.0.2.1 12345 1883\r\n',
    `PROXY TCP4 ${'1'.repeat(200)}`,
  ])('refuses %j', (line) => {
    expect(parseProxyHeader(Buffer.from(line)).kind).toBe('malformed');
  });
});

describe('parseProxyHeader, version 2', () => {
  it.each([
    ['IPv4', 0x11, IPV4, '192.0.2.7'],
    ['IPv6', 0x21, IPV6, '2001:db8::7'],
    ['IPv4 in IPv6', 0x21, MAPPED, '192.0.2.7'],
    ['IPv4 with more behind', 0x11, Buffer.concat([IPV4, Buffer.alloc(300)]), '192.0.2.7'],
  ])('reads %s', (_name, family, rest, address) => {
    const header = version2(0x21, family, rest);
    const source = { address, port: 12345 };
    expect(parseByteByByte(header)).toEqual({ kind: 'header', length: header.length, source });
  });

  it.each([
    ['a health check', 0x20, 0x00, Buffer.alloc(0)],
    ['a health check with addresses', 0x20, 0x11, IPV4],
    ['a UNIX socket', 0x21, 0x31, Buffer.alloc(216)],
    ['no family', 0x21, 0x00, Buffer.alloc(0)],
  ])('takes the connection as it is for %s', (_name, command, family, rest) => {
    const header = version2(command, family, rest);
    expect(parseByteByByte(header)).toEqual({
      kind: 'header',
      length: header.length,
      source: null,
    });
  });

  it.each([
    ['version 1 in the header', version2(0x11, 0x11, IPV4)],
    ['an unknown command', version2(0x22, 0x11, IPV4)],
    ['a length beyond the bound', version2(0x21, 0x11, IPV4, 65_535)],
    ['addresses cut short', version2(0x21, 0x11, IPV4.subarray(0, 8))],
    ['IPv6 addresses cut short', version2(0x21, 0x21, IPV4)],
    ['a broken signature', Buffer.from([...SIGNATURE.slice(0, 11), 11, 0x21, 0x11, 0, 0])],
  ])('refuses %s', (_name, header) => {
    expect(parseProxyHeader(header).kind).toBe('malformed');
  });
});

import { describe, expect, test } from 'vitest';
import { encodeProxyHeader } from './proxy-header.js';

const at = (host: string, port = 1) => ({ host, port });

describe('a PROXY header', () => {
  test.each([
    ['10.0.0.1', '::ffff:10.0.0.2', 'PROXY TCP4 10.0.0.1 10.0.0.2 40000 1883\r\n'],
    ['fe80::1', '::1', 'PROXY TCP6 fe80::1 ::1 40000 1883\r\n'],
    ['10.0.0.1', '::1', 'PROXY UNKNOWN\r\n'],
    ['', '', 'PROXY UNKNOWN\r\n'],
  ])('of version 1 from %j to %j', (from, to, text) => {
    expect(encodeProxyHeader('v1', at(from, 40_000), at(to, 1883)).toString()).toBe(text);
  });

  test.each([
    ['10.0.0.1', '10.0.0.2', '2111000c0a0000010a000002000100ff'],
    [
      '::1',
      '2001:db8::1:0:2',
      `21210024${'0'.repeat(31)}120010db8${'0'.repeat(15)}1${'0'.repeat(7)}2000100ff`,
    ],
    ['10.0.0.1', '::1', '20000000'],
  ])('of version 2 from %j to %j', (from, to, hex) => {
    const header = encodeProxyHeader('v2', at(from, 1), at(to, 255)).toString('hex');
    expect(header).toBe(`0d0a0d0a000d0a515549540a${hex}`);
  });
});

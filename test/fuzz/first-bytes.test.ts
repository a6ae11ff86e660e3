import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { parseProxyHeader } from '../../packages/transport/src/proxy-protocol.js';
import { SNIFF_BYTES_MAX, sniff } from '../../packages/transport/src/sniff.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { fuzz } from './support/fuzz.js';
import { PROTOCOLS } from './support/fuzz-world.js';
import { mutate } from './support/mutate.js';

const ALL_PROTOCOLS = Object.values(PROTOCOLS);

const STARTS = [
  '\x10\x10\x00\x04MQTT\x05\x02',
  'CONNECT\naccept-version:1.2\n',
  '\r\n\n\nSTOMP\r\naccept-version:1.2\r\n',
  'GET /mqtt HTTP/1.1\r\nHost: a\r\n',
  '\x16\x03\x01\x02\x00\x01\x00',
  'AMQP\x00\x01\x00\x00',
].map((text) => Buffer.from(text, 'latin1'));

const VERSION_2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const PROXY_HEADERS = [
  Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 12345 1883\r\n'),
  Buffer.from('PROXY TCP6 2001:db8::7 2001:db8::1 12345 1883\r\n'),
  Buffer.from('PROXY UNKNOWN ffff::1\r\n'),
  Buffer.concat([VERSION_2, Buffer.from('2111000cc0000207c00002013039075b', 'hex')]),
  Buffer.concat([VERSION_2, Buffer.from('21210024', 'hex'), Buffer.alloc(36, 7)]),
  Buffer.concat([VERSION_2, Buffer.from('20000010', 'hex'), Buffer.alloc(16)]),
];
/** 16 bytes and what version 2 may add. */
const PROXY_BYTES_MAX = 16 + 4096;

/** Something like one of these, followed by anything. */
function like(samples: readonly Buffer[], random: SeededRandom): Buffer {
  const changed = mutate([random.pick(samples)], random, random.below(4));
  const bytes = random.chance(0.2) ? [] : changed;
  return Buffer.concat([...bytes, random.bytes(random.below(100))]);
}

/** Every length at the start, where things are decided, and some beyond. */
function lengthsOf(bytes: Buffer, random: SeededRandom): number[] {
  const lengths = new Set([bytes.length]);
  for (let length = 1; length < Math.min(bytes.length, 150); length++) lengths.add(length);
  for (let count = 0; count < 10; count++) lengths.add(random.between(1, bytes.length));
  return [...lengths].sort((left, right) => left - right);
}

fuzz('what a connection speaks is decided soon, once', 1500, (random) => {
  const bytes = Buffer.concat([like(STARTS, random), Buffer.alloc(SNIFF_BYTES_MAX)]);
  let decided: unknown = null;
  for (const length of lengthsOf(bytes, random)) {
    const sniffed = sniff(bytes.subarray(0, length), ALL_PROTOCOLS);
    if (decided !== null) expect(isDeepStrictEqual(sniffed, decided)).toBe(true);
    else if (sniffed.kind !== 'more') decided = sniffed;
    if (length >= SNIFF_BYTES_MAX) expect(sniffed.kind).not.toBe('more');
  }
});

fuzz('a PROXY header is decided once, within its bounds', 1500, (random) => {
  const bytes = Buffer.concat([like(PROXY_HEADERS, random), Buffer.alloc(PROXY_BYTES_MAX)]);
  let decided: unknown = null;
  for (const length of lengthsOf(bytes, random)) {
    const header = parseProxyHeader(bytes.subarray(0, length));
    if (decided !== null) expect(isDeepStrictEqual(header, decided)).toBe(true);
    else if (header.kind !== 'more') decided = header;
    if (header.kind === 'header') expect(header.length).toBeLessThanOrEqual(length);
    if (length >= PROXY_BYTES_MAX) expect(header.kind).not.toBe('more');
  }
});

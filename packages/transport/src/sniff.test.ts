import type { Protocol } from '@causeway/core';
import { describe, expect, it } from 'vitest';
import { SNIFF_BYTES_MAX, sniff } from './sniff.js';

function protocolThatStartsWith(name: string, ...starts: string[]): Protocol {
  return {
    name,
    webSocketSubprotocols: [],
    sniff(head) {
      const text = head.toString('latin1');
      if (starts.some((start) => text.startsWith(start))) return 'yes';
      return starts.some((start) => start.startsWith(text)) ? 'more' : 'no';
    },
    open() {
      throw new Error('not opened here');
    },
  };
}

const mqtt = protocolThatStartsWith('mqtt', '\x10');
const stomp = protocolThatStartsWith('stomp', 'CONNECT\n', 'CONNECT\r', 'STOMP');
const protocols = [mqtt, stomp];

/** What each longer beginning of `text` is, until it is decided. */
function sniffByteByByte(text: string): { kind: string; afterBytes: number } {
  const bytes = Buffer.from(text, 'latin1');
  for (let length = 1; length <= bytes.length; length++) {
    const sniffed = sniff(bytes.subarray(0, length), protocols);
    if (sniffed.kind === 'more') continue;
    const kind = sniffed.kind === 'protocol' ? sniffed.protocol.name : sniffed.kind;
    return { kind, afterBytes: length };
  }
  return { kind: 'more', afterBytes: bytes.length };
}

describe('sniff', () => {
  it.each([
    ['\x10\x0c\x00\x04MQTT', 'mqtt', 1],
    ['CONNECT\naccept-version:1.2\n', 'stomp', 8],
    ['CONNECT\r\naccept-version:1.2\r\n', 'stomp', 8],
    ['STOMP\naccept-version:1.2\n', 'stomp', 5],
    ['\x16\x03\x01\x02\x00', 'tls', 1],
    ['GET / HTTP/1.1\r\n', 'http', 4],
    ['POST / HTTP/1.1\r\n', 'http', 5],
    ['OPTIONS * HTTP/1.1\r\n', 'http', 8],
    ['CONNECT example.org:443 HTTP/1.1\r\n', 'unknown', 8],
    ['SSH-2.0-OpenSSH\r\n', 'unknown', 2],
    ['\x00\x00\x00\x00', 'unknown', 1],
    ['AMQP\x00\x01\x00\x00', 'unknown', 1],
  ])('takes %j for %s', (text, kind, afterBytes) => {
    expect(sniffByteByByte(text)).toEqual({ kind, afterBytes });
    expect(sniffByteByByte(text + 'x'.repeat(500)).kind).toBe(kind);
  });

  it('gives up on a protocol that never makes up its mind', () => {
    const undecided: Protocol = { ...mqtt, sniff: () => 'more' };
    const head = Buffer.alloc(SNIFF_BYTES_MAX, 1);
    expect(sniff(head.subarray(1), [undecided]).kind).toBe('more');
    expect(sniff(head, [undecided]).kind).toBe('unknown');
  });
});

import { describe, expect, it } from 'vitest';
import { AMQP_HEADER, describeHeader, readProtocolHeader, SASL_HEADER } from './protocol-header.js';

const bytes = (...tail: number[]) => Buffer.from([0x41, 0x4d, 0x51, 0x50, ...tail]);

describe('protocol headers (2.2)', () => {
  it.each([
    ['amqp', AMQP_HEADER],
    ['sasl', SASL_HEADER],
    ['other', bytes(0, 0, 9, 1)],
    ['other', bytes(0, 1, 0, 1)],
    ['other', bytes(2, 1, 0, 0)],
    ['not-amqp', Buffer.from('GET / HT')],
  ])('reads %s', (kind, header) => {
    expect(readProtocolHeader(header, 0)).toBe(kind);
    expect(readProtocolHeader(Buffer.concat([Buffer.from([7]), header]), 1)).toBe(kind);
  });

  it.each([
    [bytes(0, 0, 9, 1), 'AMQP 0-9-1', 'AMQP 0-9-1 (RabbitMQ)'],
    [bytes(1, 1, 8, 0), 'AMQP 0-8 or 0-9', 'AMQP 1.0'],
    [bytes(2, 1, 0, 0), 'AMQP 1.0 with TLS negotiated inside', 'amqps://'],
    [bytes(0, 2, 0, 0), 'AMQP protocol 0, version 2.0.0', 'AMQP 1.0'],
  ])('names the version of %j and what to do', (header, version, fix) => {
    const described = describeHeader(header, 0);
    expect(described.version).toBe(version);
    expect(described.fix).toContain(fix);
  });
});

import { readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byteRelay } from './byte-relay.js';
import { CertificateAuthority, type KeyPair } from './certificates.js';
import { fakeProtocol } from './fake-protocol.js';
import { Harness, until } from './harness.js';
import { RawClient } from './raw-client.js';

let authority: CertificateAuthority;
let server: KeyPair;

beforeAll(() => {
  authority = new CertificateAuthority();
  server = authority.issue('/CN=localhost');
});

afterAll(() => authority.remove());

async function listenToAll(tls?: KeyPair) {
  const protocols = [
    fakeProtocol('mqtt', { start: '\x10', subprotocols: ['mqtt'] }),
    fakeProtocol('stomp', { start: 'CONNECT\n', subprotocols: ['v12.stomp'] }),
    fakeProtocol('amqp', { start: 'AMQP' }),
  ];
  const harness = new Harness({ protocols });
  const { port } = await harness.listen({ protocol: 'any', tls });
  return { harness, port, protocols };
}

describe('a listener that takes every protocol', () => {
  it.each([
    ['mqtt', '\x10\x0c\x00\x04MQTT'],
    ['stomp', 'CONNECT\naccept-version:1.2\n\n\0'],
    ['amqp', 'AMQP\x03\x01\x00\x00'],
  ])('recognises %s, in one piece and byte by byte', async (name, bytes) => {
    const { port, protocols } = await listenToAll();
    await RawClient.connect(port).send(bytes).receives(bytes);
    const client = RawClient.connect(port);
    await client.sendByteByByte(bytes);
    await client.receives(bytes);
    const opened = protocols.map((protocol) => [protocol.name, protocol.engines.length]);
    expect(opened.filter(([, count]) => count !== 0)).toEqual([[name, 2]]);
  });

  it('recognises them under TLS, byte by byte below and above', async () => {
    const { port, protocols } = await listenToAll(server);
    const relay = await byteRelay(port);
    const ca = readFileSync(authority.certificate);
    const client = new RawClient(connectTls({ host: '127.0.0.1', port: relay, ca }));
    await client.sendByteByByte('CONNECT\n\n\0');
    await client.receives('CONNECT\n\n\0');
    expect(protocols[1]!.engines[0]!.sink.secure).toBe(true);

    await RawClient.connect(port).send('AMQP').receives('AMQP');
    expect(protocols[2]!.engines[0]!.sink.secure).toBe(false);
  });

  it('recognises HTTP', async () => {
    const { port } = await listenToAll();
    const client = RawClient.connect(port);
    await client.sendByteByByte('GET /chat HTTP/1.1\r\nHost: broker\r\n\r\n');
    await client.receives('HTTP/1.1 426');
    await client.isClosed();
    expect(client.text).toContain('Sub-protocols: mqtt, v12.stomp.');
  });

  it.each([
    ['what nobody knows', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a proxy request', 'CONNECT example.org:443 HTTP/1.1\r\n\r\n'],
    ['TLS without a certificate', '\x16\x03\x01\x02\x00\x01\x00'],
    ['a PROXY header that was not agreed on', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nAMQP'],
  ])('closes %s', async (_name, bytes) => {
    const { harness, port, protocols } = await listenToAll();
    const client = RawClient.connect(port).send(bytes);
    await client.isClosed();
    expect(client.text).toBe('');
    expect(protocols.every(({ engines }) => engines.length === 0)).toBe(true);
    const line = harness.lines.find(({ event }) => event === 'connection not recognised');
    expect(line?.fields.firstBytes).toBe(Buffer.from(bytes, 'latin1').toString('hex', 0, 8));
  });

  it('closes a client that leaves before it has shown what it is', async () => {
    const { harness, port } = await listenToAll();
    const client = RawClient.connect(port, { allowHalfOpen: true });
    client.socket.end('CONN');
    await until(() => client.ended, 'the server ends, too');
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
  });
});

import { readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { CertificateAuthority } from './certificates.js';
import { fakeProtocol } from './fake-protocol.js';
import { Harness } from './harness.js';
import { RawClient } from './raw-client.js';

const VERSION_1 = Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 40000 1883\r\n');
const SIGNATURE = '0d0a0d0a000d0a515549540a';
const VERSION_2 = Buffer.from(`${SIGNATURE}2111000ccb007109c00002019c40075b`, 'hex');
const HEALTH_CHECK = Buffer.from(`${SIGNATURE}20000000`, 'hex');

describe('a listener behind a proxy', () => {
  it.each([
    ['version 1', VERSION_1],
    ['version 2', VERSION_2],
  ])('takes the address from the header: %s', async (_name, header) => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    for (const protocol of ['echo', 'any']) {
      const { port } = await harness.listen({ protocol, proxyProtocol: true });
      const whole = Buffer.concat([header, Buffer.from('echo')]);
      await RawClient.connect(port).send(whole).receives('echo');
      const client = RawClient.connect(port);
      await client.sendByteByByte(whole);
      await client.receives('echo');
    }
    expect(echo.engines).toHaveLength(4);
    for (const { received, sink } of echo.engines) {
      expect(received).toBe('echo');
      expect([sink.remoteAddress, sink.remotePort]).toEqual(['203.0.113.9', 40_000]);
    }
  });

  it('leaves the address of a connection that the proxy makes for itself', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo', proxyProtocol: true });
    await RawClient.connect(port).send(HEALTH_CHECK).send('hi').receives('hi');
    expect(echo.engines[0]!.sink.remoteAddress).toBe('127.0.0.1');
  });

  it('closes a connection without a header, and one with a broken header', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo', proxyProtocol: true });
    await RawClient.connect(port).send('echo').isClosed();
    await RawClient.connect(port).send('PROXY TCP4 nonsense\r\necho').isClosed();
    await RawClient.connect(port)
      .send(`PROXY ${'x'.repeat(200)}`)
      .isClosed();
    expect(echo.engines).toEqual([]);
  });

  it('counts clients by their own address', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo], limits: { connectionsPerAddressMax: 1 } });
    const { port } = await harness.listen({ protocol: 'echo', proxyProtocol: true });
    await RawClient.connect(port).send(VERSION_1).send('one').receives('one');
    await RawClient.connect(port).send(VERSION_2).send('two').isClosed();
    const other = 'PROXY TCP4 203.0.113.10 192.0.2.1 40000 1883\r\n';
    await RawClient.connect(port).send(other).send('three').receives('three');
  });

  it('takes TLS after the header', async () => {
    const authority = new CertificateAuthority();
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const tls = authority.issue('/CN=localhost');
    for (const protocol of ['echo', 'any']) {
      const { port } = await harness.listen({ protocol, tls, proxyProtocol: true });
      const below = RawClient.connect(port).send(VERSION_1);
      const ca = readFileSync(authority.certificate);
      const secured = connectTls({ socket: below.socket, ca, host: '127.0.0.1' });
      await new RawClient(secured).send('echo').receives('echo');
    }
    authority.remove();
    const sinks = echo.engines.map(({ sink }) => [sink.remoteAddress, sink.secure]);
    expect(sinks).toEqual([
      ['203.0.113.9', true],
      ['203.0.113.9', true],
    ]);
  });
});

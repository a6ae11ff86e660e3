import { readFileSync, writeFileSync } from 'node:fs';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { CertificateSubject } from '@causeway/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority, type KeyPair, loaded } from './certificates.js';
import { fakeProtocol } from './fake-protocol.js';
import { Harness, until } from './harness.js';
import { RawClient } from './raw-client.js';

let authority: CertificateAuthority;
let server: KeyPair;
let shop: KeyPair;

beforeAll(() => {
  authority = new CertificateAuthority();
  server = authority.issue('/O=Example/CN=localhost');
  shop = authority.issue('/O=Example/OU=Shops/CN=shop-1');
});

afterAll(() => authority.remove());

function connect(port: number, options: ConnectionOptions = {}): RawClient {
  const ca = readFileSync(authority.certificate);
  return new RawClient(connectTls({ host: '127.0.0.1', port, ca, ...options }));
}

/** The common name that the server shows on a new connection. */
async function shownName(port: number): Promise<string> {
  const client = connect(port);
  const socket = client.socket as TLSSocket;
  await until(() => socket.authorized || client.closed, 'the handshake ends');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}

const principalOf = (subject: CertificateSubject) =>
  subject.distinguishedName === 'CN=shop-1,OU=Shops,O=Example' && subject.commonName === 'shop-1'
    ? { name: 'shop-1', groups: new Set<string>() }
    : null;

describe('TLS', () => {
  it('carries a protocol', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const bound = await harness.listen({ protocol: 'echo', tls: server });
    expect(bound.secure).toBe(true);
    const client = connect(bound.port);
    const text = 'secret '.repeat(100_000);
    client.send(text);
    await until(() => client.bytes === text.length, 'the echo arrives');
    expect(client.text === text).toBe(true);
    const [engine] = echo.engines;
    expect(engine!.sink.secure).toBe(true);
    expect(engine!.sink.certificatePrincipal).toBeNull();
    expect(engine!.sink.remotePort).toBe(client.socket.localPort);
    client.socket.end();
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(engine!.closedWith).toEqual(['ended']);
  });

  it('survives a reset, told once', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo', tls: server });
    const below = RawClient.connect(port);
    const client = connect(port, { socket: below.socket });
    await client.send('x').receives('x');
    below.socket.resetAndDestroy();
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(echo.engines[0]!.closedWith).toEqual(['reset']);
  });

  it('refuses versions below 1.2', async () => {
    const harness = new Harness({ protocols: [fakeProtocol('echo')] });
    const { port } = await harness.listen({ protocol: 'echo', tls: server });
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    await connect(port, old).isClosed();
    await until(() => harness.logged('TLS handshake failed'), 'the failure is logged');
    await connect(port, { maxVersion: 'TLSv1.2' }).send('1.2').receives('1.2');
    await connect(port, { minVersion: 'TLSv1.3' }).send('1.3').receives('1.3');
  });

  it('closes a handshake that takes too long', async () => {
    const harness = new Harness({
      protocols: [fakeProtocol('echo')],
      limits: { handshakeTimeoutMs: 10_000 },
    });
    const { port } = await harness.listen({ protocol: 'echo', tls: server });
    const clients = [RawClient.connect(port), RawClient.connect(port).send('\x16\x03\x01\x02')];
    await until(() => harness.transport.connectionCount === 2, 'they are connected');
    harness.nowMs = 10_000;
    for (const client of clients) await client.isClosed();
  });

  it('closes a client that speaks no TLS', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo', tls: server });
    await RawClient.connect(port).send('echo in the clear').isClosed();
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(echo.engines).toEqual([]);
  });
});

describe('client certificates', () => {
  it.each(['request', 'require'] as const)(
    'are identities when asked for: %s',
    async (clientAuth) => {
      const echo = fakeProtocol('echo');
      const harness = new Harness({ protocols: [echo], principalOf });
      const tls = { ...server, ca: authority.certificate, clientAuth };
      const { port } = await harness.listen({ protocol: 'echo', tls });
      await connect(port, loaded(shop)).send('x').receives('x');
      expect(echo.engines[0]!.sink.certificatePrincipal?.name).toBe('shop-1');

      const resumable = connect(port, loaded(server));
      await resumable.send('x').receives('x');
      expect(echo.engines[1]!.sink.certificatePrincipal).toBeNull();
    },
  );

  it('are not needed when they are only requested, and count for nothing when unverified', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo], principalOf });
    const tls = { ...server, ca: authority.certificate, clientAuth: 'request' as const };
    const { port } = await harness.listen({ protocol: 'echo', tls });
    await connect(port).send('x').receives('x');
    const stranger = new CertificateAuthority();
    const forged = stranger.issue('/O=Example/OU=Shops/CN=shop-1');
    await connect(port, loaded(forged)).send('x').receives('x');
    stranger.remove();
    expect(echo.engines.map(({ sink }) => sink.certificatePrincipal)).toEqual([null, null]);
  });

  it.each(['request', 'require'] as const)(
    'are not taken from just anybody: %s',
    async (clientAuth) => {
      const harness = new Harness({ protocols: [fakeProtocol('echo')] });
      const listening = harness.listen({ protocol: 'echo', tls: { ...server, clientAuth } });
      await expect(listening).rejects.toThrow('client certificates need `ca`');
    },
  );

  it('are needed when they are required', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo], principalOf });
    const tls = { ...server, ca: authority.certificate, clientAuth: 'require' as const };
    const { port } = await harness.listen({ protocol: 'echo', tls });
    const stranger = new CertificateAuthority();
    const forged = stranger.issue('/O=Example/OU=Shops/CN=shop-1');
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      await connect(port, { maxVersion }).send('x').isClosed();
      await connect(port, { maxVersion, ...loaded(forged) })
        .send('x')
        .isClosed();
    }
    stranger.remove();
    await until(() => harness.transport.connectionCount === 0, 'all are gone');
    expect(echo.engines).toEqual([]);
  });

  it('cannot be got around on a listener that takes everything', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo], principalOf });
    const tls = { ...server, ca: authority.certificate, clientAuth: 'require' as const };
    const { port } = await harness.listen({ protocol: 'any', tls });
    await RawClient.connect(port).send('echo').isClosed();
    await RawClient.connect(port).send('GET / HTTP/1.1\r\n\r\n').isClosed();
    expect(echo.engines).toEqual([]);
    await connect(port, loaded(shop)).send('echo').receives('echo');
    expect(echo.engines[0]!.sink.certificatePrincipal?.name).toBe('shop-1');
  });
});

describe('certificate files', () => {
  it('are read again when they change, and stay when the new ones do not fit', async () => {
    const first = authority.issue('/CN=first');
    const second = authority.issue('/CN=second');
    const installed = authority.install(first);
    const harness = new Harness({ protocols: [fakeProtocol('echo')] });
    const { port } = await harness.listen({ protocol: 'echo', tls: installed });
    const old = connect(port);
    await old.send('x').receives('x');
    expect(await shownName(port)).toBe('first');
    expect(await harness.transport.reloadCertificates()).toBe(0);

    // The certificate of one pair and the key of the other: half of a replacement.
    authority.replace(installed, { cert: second.cert, key: first.key });
    expect(await harness.transport.reloadCertificates()).toBe(0);
    expect(harness.logged('certificates not reloaded, the old ones stay in use')).toBe(true);
    expect(await shownName(port)).toBe('first');

    writeFileSync(installed.cert, 'not a certificate');
    expect(await harness.transport.reloadCertificates()).toBe(0);
    expect(await shownName(port)).toBe('first');

    authority.replace(installed, second);
    expect(await harness.transport.reloadCertificates()).toBe(1);
    expect(await shownName(port)).toBe('second');
    await old.send('still here').receives('still here');
  });

  it('are looked at by themselves', async () => {
    const installed = authority.install(authority.issue('/CN=third'));
    const harness = new Harness({ protocols: [fakeProtocol('echo')], certificatePollMs: 10 });
    const { port } = await harness.listen({ protocol: 'echo', tls: installed });
    authority.replace(installed, authority.issue('/CN=fourth'));
    await until(() => harness.logged('certificates reloaded'), 'they are reloaded');
    expect(await shownName(port)).toBe('fourth');
  });
});

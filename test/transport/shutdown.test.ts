import { BrokerError } from '@causeway/core';
import { describe, expect, it } from 'vitest';
import { fakeProtocol } from './fake-protocol.js';
import { Harness, until } from './harness.js';
import { RawClient } from './raw-client.js';

describe('Transport.close', () => {
  it('tells each client in its protocol, and waits until all are gone', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo' });
    const sniffed = await harness.listen({ protocol: 'any' });
    const clients = [RawClient.connect(port), RawClient.connect(port)];
    for (const client of clients) await client.send('hi').receives('hi');
    const silent = RawClient.connect(sniffed.port);
    await until(() => harness.transport.connectionCount === 3, 'all are connected');

    await harness.transport.close(60_000);

    expect(harness.transport.connectionCount).toBe(0);
    for (const client of clients) {
      await client.isClosed();
      expect(client.text).toBe('hierror shutting-down\n');
    }
    await silent.isClosed();
    const late = RawClient.connect(port);
    await late.isClosed();
    expect(late.socket.remoteAddress).toBeUndefined();
  });

  it('cuts off who does not go in time', async () => {
    const stubborn = fakeProtocol('stubborn');
    const harness = new Harness({ protocols: [stubborn] });
    const { port } = await harness.listen({ protocol: 'stubborn' });
    const client = RawClient.connect(port, { allowHalfOpen: true });
    await client.send('hi').receives('hi');
    await harness.transport.close(10);
    await until(() => client.ended, 'the server is gone');
    expect(stubborn.engines[0]!.closedWith).toEqual(['local']);
  });
});

describe('Transport.listen', () => {
  it('says what cannot be listened on', async () => {
    const harness = new Harness({ protocols: [fakeProtocol('echo')] });
    const { port } = await harness.listen({ protocol: 'echo' });
    const taken = harness.listen({ protocol: 'echo', port });
    await expect(taken).rejects.toThrow(
      new RegExp(`cannot listen on 127.0.0.1:${port}.*EADDRINUSE`),
    );
    await expect(taken).rejects.toBeInstanceOf(BrokerError);
    await expect(harness.listen({ protocol: 'gopher' })).rejects.toThrow(
      'no protocol gopher; there are echo, ws, any',
    );
    const tls = { cert: 'missing.pem', key: 'missing.pem' };
    await expect(harness.listen({ protocol: 'echo', tls })).rejects.toThrow(/ENOENT.*missing/);
  });
});

import { describe, expect, it } from 'vitest';
import { fakeProtocol } from './fake-protocol.js';
import { Harness, until } from './harness.js';
import { RawClient } from './raw-client.js';

describe('limits before login', () => {
  it('closes 1,000 connections that say nothing, with one line in the log', async () => {
    const echo = fakeProtocol('echo', { logsIn: false });
    const harness = new Harness({ protocols: [echo], limits: { handshakeTimeoutMs: 10_000 } });
    const { port } = await harness.listen({ protocol: 'echo' });
    const clients = Array.from({ length: 1000 }, () => RawClient.connect(port));
    await until(() => harness.transport.connectionCount === 1000, 'all are connected');
    harness.nowMs = 9_999;
    await until(() => echo.engines.every(({ ticks }) => ticks > 0), 'all were looked at');
    expect(harness.transport.connectionCount).toBe(1000);

    harness.nowMs = 10_000;
    await until(() => clients.every(({ closed }) => closed), 'all are closed');
    expect(echo.engines.every(({ closedWith }) => closedWith.join() === 'local')).toBe(true);
    const events = ['silent connection timed out', 'connection without input'];
    const lines = harness.lines.filter(({ event }) => events.includes(event));
    expect(lines.length).toBeLessThanOrEqual(2);
    expect(lines.every(({ level }) => level === 'debug')).toBe(true);
  });

  it('closes a client that drips its login, on every kind of listener', async () => {
    const slow = fakeProtocol('slow', { logsIn: false, start: 'slow protocol' });
    const harness = new Harness({ protocols: [slow], limits: { handshakeTimeoutMs: 10_000 } });
    const clients: RawClient[] = [];
    for (const protocol of ['slow', 'any', 'ws']) {
      const { port } = await harness.listen({ protocol });
      clients.push(RawClient.connect(port), RawClient.connect(port));
    }
    const { port } = await harness.listen({ protocol: 'slow', proxyProtocol: true });
    clients.push(RawClient.connect(port));
    const drips = ['sl', 'slow protocol', 'sl', 'slow protocol', 'G', 'GET / HTTP/1.1\r\n', 'PR'];
    for (const [index, client] of clients.entries()) {
      await client.sendByteByByte(drips[index]!);
    }
    await until(() => harness.transport.connectionCount === 7, 'all are connected');
    harness.nowMs = 10_000;
    await until(() => clients.every(({ closed }) => closed), 'all are closed');
    expect(slow.engines.every(({ closedWith }) => closedWith.length === 1)).toBe(true);
  });

  it('leaves those in peace who have logged in', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo], limits: { handshakeTimeoutMs: 10_000 } });
    const { port } = await harness.listen({ protocol: 'echo' });
    const client = RawClient.connect(port).send('hello');
    await client.receives('hello');
    harness.nowMs = 1_000_000;
    const { ticks } = echo.engines[0]!;
    await until(() => echo.engines[0]!.ticks > ticks, 'it was looked at');
    await client.send('again').receives('again');
  });

  it('refuses who is too many from one address', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo], limits: { connectionsPerAddressMax: 2 } });
    const { port } = await harness.listen({ protocol: 'echo', host: '0.0.0.0' });
    const first = RawClient.connect(port).send('1');
    await first.receives('1');
    await RawClient.connect(port).send('2').receives('2');
    await RawClient.connect(port).send('3').isClosed();
    await RawClient.connect(port, { localAddress: '127.0.0.2' }).send('4').receives('4');
    expect(harness.metrics.connectionsRefused).toBe(1);

    first.socket.end();
    await until(() => harness.transport.connectionCount === 2, 'the first is gone');
    await RawClient.connect(port).send('5').receives('5');
  });

  it('refuses who is too many in all, and says so once a second at most', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo], limits: { connectionsMax: 3 } });
    const { port } = await harness.listen({ protocol: 'echo' });
    for (const text of ['1', '2', '3']) await RawClient.connect(port).send(text).receives(text);
    const refused = Array.from({ length: 50 }, () => RawClient.connect(port));
    await until(() => refused.every(({ closed }) => closed), 'all others are refused');
    expect(echo.engines).toHaveLength(3);
    expect(harness.metrics.connectionsRefused).toBe(50);
    const lines = () => harness.lines.filter(({ event }) => event === 'connection refused');
    expect(lines()).toHaveLength(1);
    harness.nowMs = 1000;
    await until(() => lines().length === 2, 'the rest is summed up');
    expect(lines()[1]!.fields.times).toBe(49);
  });
});

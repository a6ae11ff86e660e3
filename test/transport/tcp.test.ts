import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { fakeProtocol } from './fake-protocol.js';
import { Harness, until } from './harness.js';
import { RawClient } from './raw-client.js';

/** How often sockets on the server's side are written to, corked writes counted as one. */
function countWrites(port: number): { count: number } {
  const writes = { count: 0 };
  const write = Socket.prototype.write;
  vi.spyOn(Socket.prototype, 'write').mockImplementation(function (
    this: Socket,
    ...parameters: unknown[]
  ) {
    if (this.localPort === port && this.writableCorked <= 1) writes.count++;
    return Reflect.apply(write, this, parameters);
  } as typeof write);
  return writes;
}

describe('a TCP connection', () => {
  it('passes input on in order, byte by byte', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo' });
    const client = RawClient.connect(port);
    const text = 'the quick brown fox jumps over the lazy dog';
    await client.sendByteByByte(text, (count) => client.bytes === count);
    expect(client.text).toBe(text);
    expect(echo.engines[0]!.chunks).toEqual([...text]);
    expect(harness.metrics.bytesReceived).toBe(text.length);
    expect(harness.metrics.bytesSent).toBe(text.length);
  });

  it('writes once per turn, however often the engine sends', async () => {
    const chatty = fakeProtocol('chatty', {
      onReceive: (engine) => {
        for (let count = 0; count < 1000; count++) engine.send(`${count} `);
      },
    });
    const harness = new Harness({ protocols: [chatty] });
    const { port } = await harness.listen({ protocol: 'chatty' });
    const writes = countWrites(port);
    const client = RawClient.connect(port).send('go');
    await client.receives('999 ');
    expect(writes.count).toBe(1);
    expect(client.text.split(' ')).toHaveLength(1001);
    vi.restoreAllMocks();
  });

  it('keeps the order of many blocks in one turn', async () => {
    const part = Buffer.alloc(40_000);
    const large = fakeProtocol('large', {
      onReceive: (engine) => {
        for (let count = 0; count < 20; count++) engine.send(part.fill(65 + count));
      },
    });
    const harness = new Harness({ protocols: [large] });
    const { port } = await harness.listen({ protocol: 'large' });
    const client = RawClient.connect(port).send('go');
    await until(() => client.bytes === 800_000, 'all blocks arrive');
    const expected = Array.from({ length: 20 }, (_, index) => Buffer.alloc(40_000, 65 + index));
    expect(client.text === expected.join('')).toBe(true);
  });

  it('tells the engine whom it serves', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo' });
    const client = RawClient.connect(port).send('x');
    await client.receives('x');
    const { sink } = echo.engines[0]!;
    expect({
      remoteAddress: sink.remoteAddress,
      remotePort: sink.remotePort,
      localPort: sink.localPort,
      secure: sink.secure,
      webSocketProtocol: sink.webSocketProtocol,
      certificatePrincipal: sink.certificatePrincipal,
    }).toEqual({
      remoteAddress: '127.0.0.1',
      remotePort: client.socket.localPort,
      localPort: port,
      secure: false,
      webSocketProtocol: null,
      certificatePrincipal: null,
    });
  });

  it('ticks the engine about once a second', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo' });
    await RawClient.connect(port).send('x').receives('x');
    await until(() => echo.engines[0]!.ticks >= 2, 'the engine ticks');
  });
});

describe('the end of a TCP connection', () => {
  it('answers a peer that has sent its last byte, and tells the engine once', async () => {
    const echo = fakeProtocol('echo');
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo' });
    const client = RawClient.connect(port, { allowHalfOpen: true });
    client.socket.end('last words');
    await until(() => client.ended, 'the server ends, too');
    expect(client.text).toBe('last words');
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(echo.engines[0]!.closedWith).toEqual(['ended']);
  });

  it('tells the engine once that the peer has reset it', async () => {
    const flood = fakeProtocol('flood', {
      onReceive: (engine) => engine.send(Buffer.alloc(8_000_000)),
    });
    const harness = new Harness({ protocols: [flood] });
    const { port } = await harness.listen({ protocol: 'flood' });
    const client = RawClient.connect(port).send('x');
    await until(() => client.bytes > 0, 'the answer is on its way');
    client.socket.resetAndDestroy();
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(flood.engines[0]!.closedWith).toEqual(['reset']);
  });

  it('sends what was written before the engine ends it', async () => {
    const polite = fakeProtocol('polite', {
      onReceive: (engine) => {
        engine.send(Buffer.alloc(300_000, 'a'));
        engine.send('bye');
        engine.sink.end();
      },
    });
    const harness = new Harness({ protocols: [polite] });
    const { port } = await harness.listen({ protocol: 'polite' });
    const client = RawClient.connect(port).send('x');
    // Input that is never read must not make the kernel reset the connection.
    client.send(Buffer.alloc(1_000_000));
    await client.isClosed();
    expect(client.text.endsWith('abye')).toBe(true);
    expect(client.bytes).toBe(300_003);
    expect(polite.engines[0]!.closedWith).toEqual(['local']);
  });

  it('cuts off a client that never closes its side', async () => {
    const polite = fakeProtocol('polite', { onReceive: (engine) => engine.sink.end() });
    const harness = new Harness({ protocols: [polite], limits: { closeTimeoutMs: 5000 } });
    const { port } = await harness.listen({ protocol: 'polite' });
    const client = RawClient.connect(port, { allowHalfOpen: true }).send('x');
    await until(() => client.ended, 'the server ends');
    expect(harness.transport.connectionCount).toBe(1);
    harness.nowMs = 5001;
    await until(() => harness.transport.connectionCount === 0, 'the connection is cut off');
    expect(polite.engines[0]!.closedWith).toEqual(['local']);
  });

  it('is told exactly once, however connections end', async () => {
    const echo = fakeProtocol('echo', {
      onReceive: (engine, chunk) => {
        engine.send(chunk);
        const command = chunk.toString();
        if (command.includes('end')) engine.sink.end();
        if (command.includes('destroy')) engine.sink.destroy();
      },
    });
    const harness = new Harness({ protocols: [echo] });
    const { port } = await harness.listen({ protocol: 'echo' });
    const endings: ((client: RawClient) => void)[] = [
      (client) => client.socket.destroy(),
      (client) => client.socket.resetAndDestroy(),
      (client) => client.socket.end(),
      (client) => client.socket.end('end'),
      (client) => client.send('end').socket.resetAndDestroy(),
      (client) => client.socket.end('destroy'),
      (client) => client.send('enddestroy'),
      (client) => client.send('end').send('x'.repeat(100_000)).socket.end(),
    ];
    const clients = Array.from({ length: 200 }, () => RawClient.connect(port).send('hello'));
    await until(() => clients.every((client) => client.bytes === 5), 'all are connected');
    clients.forEach((client, index) => void endings[index % endings.length]!(client));
    await until(() => harness.transport.connectionCount === 0, 'all are gone');
    expect(echo.engines).toHaveLength(200);
    expect(echo.engines.map(({ closedWith }) => closedWith.length)).toEqual(Array(200).fill(1));
    expect(harness.metrics.connectionsOpen).toBe(0);
  });
});

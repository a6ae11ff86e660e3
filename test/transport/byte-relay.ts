import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A relay that passes on what a client sends in packets of one byte. @returns its port */
export async function byteRelay(target: number): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: target, noDelay: true });
    sockets.push(client, upstream);
    upstream.on('error', () => client.destroy()).pipe(client);
    client.on('error', () => upstream.destroy());
    client.on('close', () => upstream.end());
    client.on('data', (chunk: Buffer) => {
      client.pause();
      passOn(upstream, chunk, 0, () => client.resume());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

function passOn(upstream: Socket, chunk: Buffer, at: number, done: () => void): void {
  if (at === chunk.length) {
    done();
    return;
  }
  upstream.write(chunk.subarray(at, at + 1), () =>
    setImmediate(() => passOn(upstream, chunk, at + 1, done)),
  );
}

import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (RFC 6056, 3.2, and Linux's default), so
 * that whoever binds the port again after a restart does not find it taken by one of those.
 */
const FIRST = 10_000;
const COUNT = 20_000;
const ATTEMPTS = 200;

/** A port that is free now, and that nobody gets by chance. */
export async function findFreePort(host: string, taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (!taken.has(port) && (await canBind(host, port))) return port;
  }
  throw new Error(`no free port on ${host}`);
}

async function canBind(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

import fastify from 'fastify';
import { listenOnSocket } from './listen-on-socket.js';

/**
 * Serves `GET /status` over HTTP on a socket in the file system.
 * @throws BrokerError `config-invalid`, `storage-locked`
 */
export async function serveStatus(
  path: string,
  status: () => object,
): Promise<{ close(): Promise<void> }> {
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/status', () => status());
  await listenOnSocket(app, path);
  return { close: () => app.close() };
}

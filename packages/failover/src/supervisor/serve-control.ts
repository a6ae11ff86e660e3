import { type Log, SILENT_LOG } from '@causeway/core';
import fastify from 'fastify';
import { listenOnSocket } from './listen-on-socket.js';

/** What an operator may have a process do: `POST /<name>` with a JSON object, or without a body. */
export type ControlActions = Readonly<
  Record<string, (body: Readonly<Record<string, unknown>>) => unknown>
>;

export interface ControlServer {
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 16 * 1024;

/**
 * Serves `GET /status` and actions over HTTP on a socket in the file system, for the commands of an
 * operator. Who may write to its folder may use it: there is no other authentication, and no network.
 * An action that throws is answered with 409 and its message.
 * @throws BrokerError `config-invalid`, `storage-locked`
 */
export async function serveControl(
  path: string,
  status: () => object,
  actions: ControlActions = {},
  log: Log = SILENT_LOG,
): Promise<ControlServer> {
  const app = fastify({ logger: false, bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  app.get('/status', () => status());
  for (const [name, action] of Object.entries(actions)) {
    app.post(`/${name}`, async (request) => {
      log.audit('control', { action: name });
      return (await action((request.body ?? {}) as Record<string, unknown>)) ?? {};
    });
  }
  app.setErrorHandler((error, _request, reply) => {
    const { message, statusCode = 409 } = error as Error & { statusCode?: number };
    return reply.code(statusCode).send({ error: message });
  });
  await listenOnSocket(app, path);
  return { close: () => app.close() };
}

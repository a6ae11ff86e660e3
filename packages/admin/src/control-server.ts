import { chmodSync, rmSync } from 'node:fs';
import { BrokerError, type Log } from '@causeway/core';
import fastify from 'fastify';

/** What a process lets be done to it by whoever may write to its data folder. */
export interface ControlRoutes {
  /** `GET /status`: a JSON document. */
  status(): unknown;
  /** `POST /<name>` with a JSON object; what it resolves to is the answer. */
  readonly actions: Readonly<Record<string, (body: Readonly<Record<string, unknown>>) => unknown>>;
}

export interface ControlServer {
  readonly path: string;
  close(): Promise<void>;
}

/** What the system allows for the path of a socket, its end included (Linux: `sun_path`). */
const PATH_BYTES_MAX = 107;
const BODY_BYTES_MAX = 16 * 1024;
const SOCKET_MODE = 0o600;

/**
 * Serves HTTP on a socket in the file system, for the commands of an operator. Who may write to its
 * folder may use it: there is no other authentication, and no network.
 * @throws BrokerError `config-invalid` when the socket cannot be made
 */
export async function startControl(
  path: string,
  routes: ControlRoutes,
  log: Log,
): Promise<ControlServer> {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
    const reason = `the path of its control socket, ${path}, is longer than ${PATH_BYTES_MAX} bytes`;
    throw new BrokerError('config-invalid', `${reason}: use a data folder with a shorter name`);
  }
  const app = fastify({ logger: false, bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  app.get('/status', () => routes.status());
  for (const [name, action] of Object.entries(routes.actions)) {
    app.post(`/${name}`, async (request) => {
      log.audit('control', { action: name });
      return (await action((request.body ?? {}) as Record<string, unknown>)) ?? {};
    });
  }
  app.setErrorHandler((error, _request, reply) => {
    const { message, statusCode = 409 } = error as Error & { statusCode?: number };
    return reply.code(statusCode).send({ error: message });
  });
  try {
    // Left over from a process that was killed: whoever holds the lock on the folder owns it.
    rmSync(path, { force: true });
    await app.listen({ path });
    chmodSync(path, SOCKET_MODE);
  } catch (error) {
    const reason = (error as Error).message;
    throw new BrokerError('config-invalid', `the control socket cannot be made: ${reason}`, error);
  }
  return { path, close: () => app.close() };
}

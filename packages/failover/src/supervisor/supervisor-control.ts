import { constants } from 'node:os';
import { BrokerError } from '@causeway/core';
import fastify, { type FastifyInstance } from 'fastify';
import type { Edge } from '../proxy/edge.js';
import { parseToxics } from '../proxy/toxic.js';
import { listenOnSocket } from './listen-on-socket.js';
import type { Supervisor } from './supervisor.js';

const BODY_BYTES_MAX = 16 * 1024;

type Named = { Params: { name: string } };

/**
 * Lets whoever may write to the data folder play fate, over HTTP on a socket there:
 *
 * - `GET /status`: this process; `GET /parts`: what it runs.
 * - `POST /parts/NAME/signal` with `{ "signal": "SIGSTOP" }`, `/restart`, `/hold` (stays down when
 *   it dies), `/release`.
 * - `GET /proxies`: the edges, and what is done to them.
 * - `POST /proxies/EDGE/toxics` with `{ "type", "direction", "attributes" }`; `DELETE` heals it.
 * @throws BrokerError `config-invalid`, `storage-locked`
 */
export async function startSupervisorControl(
  supervisor: Supervisor,
  path: string,
): Promise<{ close(): Promise<void> }> {
  const app = fastify({ logger: false, bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  app.setErrorHandler((error, _request, reply) => {
    const { message, statusCode } = error as Error & { statusCode?: number };
    return reply.code(statusCode ?? statusOf(error)).send({ error: message });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not found' }));
  addParts(app, supervisor);
  addProxies(app, supervisor);
  await listenOnSocket(app, path);
  return { close: () => app.close() };
}

function addParts(app: FastifyInstance, supervisor: Supervisor): void {
  app.get('/status', () => ({ part: 'supervisor', process: process.pid }));
  app.get('/parts', () => supervisor.parts);
  app.post<Named>('/parts/:name/signal', (request) => {
    const part = supervisor.part(request.params.name);
    const signal = parseSignal(request.body);
    if (part.signal(signal)) return part.status;
    throw new BrokerError('not-active', `${part.spec.name} does not run`);
  });
  app.post<Named>('/parts/:name/restart', async (request) => {
    const part = supervisor.part(request.params.name);
    await part.restart();
    return part.status;
  });
  app.post<Named>('/parts/:name/hold', (request) => {
    const part = supervisor.part(request.params.name);
    part.hold();
    return part.status;
  });
  app.post<Named>('/parts/:name/release', (request) => {
    const part = supervisor.part(request.params.name);
    part.release();
    return part.status;
  });
}

function addProxies(app: FastifyInstance, supervisor: Supervisor): void {
  app.get('/proxies', () => supervisor.edges.map(describeEdge));
  app.post<Named>('/proxies/:name/toxics', async (request) => {
    const edge = supervisor.edge(request.params.name);
    await edge.add(parseToxics(request.body));
    return describeEdge(edge);
  });
  app.delete<Named>('/proxies/:name/toxics', async (request) => {
    const edge = supervisor.edge(request.params.name);
    await edge.clear();
    return describeEdge(edge);
  });
}

function describeEdge(edge: Edge): object {
  return {
    name: edge.name,
    toxics: edge.toxics,
    connections: edge.links,
    proxies: edge.proxies.map(({ address, target }) => ({ address, target })),
  };
}

function parseSignal(body: unknown): NodeJS.Signals {
  const { signal } = (body ?? {}) as { readonly signal?: unknown };
  if (typeof signal === 'string' && Object.hasOwn(constants.signals, signal)) {
    return signal as NodeJS.Signals;
  }
  throw new BrokerError('config-invalid', 'signal must be the name of a signal, such as SIGKILL');
}

function statusOf(error: unknown): number {
  if (!(error instanceof BrokerError)) return 500;
  switch (error.code) {
    case 'address-not-found':
      return 404;
    case 'config-invalid':
      return 400;
    default:
      return 409;
  }
}

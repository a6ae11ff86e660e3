import type { AddressInfo } from 'node:net';
import type { Log } from '@causeway/core';
import fastify, { type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { registerBrokerMetrics } from './broker-metrics.js';
import type { BrokerView } from './broker-view.js';
import { registerProcessMetrics } from './process-metrics.js';
import { registerQueueMetrics } from './queue-metrics.js';

export interface AdminOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** PEM texts; null for plain HTTP. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  /** Name of the broker. */
  readonly name: string;
  readonly version: string;
  /** Queues with series of their own in the metrics. */
  readonly metricsQueuesMax: number;
  readonly view: BrokerView;
  readonly log: Log;
}

export interface AdminServer {
  /** Such as `http://127.0.0.1:8161`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 256;
const REQUEST_BYTES_MAX = 16 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves `/healthz` (the process is alive), `/readyz` (clients are served) and `/metrics` over
 * HTTP. Nothing here tells a secret or changes anything.
 * @throws the system's error when the address cannot be bound
 */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const app = createApp(options);
  addHealth(app, options);
  addMetrics(app, options);
  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${options.tls === null ? 'http' : 'https'}://${host}:${port}`,
    port,
    close: () => app.close(),
  };
}

function createApp({ tls, log }: AdminOptions): FastifyInstance {
  const settings = {
    logger: false,
    bodyLimit: REQUEST_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS,
    // A scraper that keeps its connection must not keep the broker from stopping.
    forceCloseConnections: true,
  };
  const app = (tls === null
    ? fastify(settings)
    : fastify({
        ...settings,
        https: { ...tls, minVersion: 'TLSv1.2' },
      })) as unknown as FastifyInstance;
  app.server.maxConnections = CONNECTIONS_MAX;
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not found' }));
  app.setErrorHandler((error, _request, reply) => {
    const { message, statusCode = 500 } = error as Error & { statusCode?: number };
    if (statusCode >= 500) log.error('admin-request-failed', { reason: message });
    return reply.code(statusCode).send({ error: statusCode >= 500 ? 'internal' : message });
  });
  return app;
}

function addHealth(app: FastifyInstance, { name, version, view }: AdminOptions): void {
  app.get('/healthz', () => ({
    status: 'alive',
    name,
    version,
    uptimeSeconds: Math.floor(process.uptime()),
  }));
  app.get('/readyz', (_request, reply) => {
    const ready = view.role === 'active';
    const body = { ready, name, role: view.role, ...view.node };
    return reply.code(ready ? 200 : 503).send(body);
  });
}

function addMetrics(app: FastifyInstance, { view, metricsQueuesMax }: AdminOptions): void {
  const registry = new Registry();
  registerBrokerMetrics(registry, view);
  registerProcessMetrics(registry);
  const refreshQueues = registerQueueMetrics(registry, view, metricsQueuesMax);
  app.get('/metrics', async (_request, reply) => {
    refreshQueues();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

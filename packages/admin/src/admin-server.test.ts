import { Metrics, SILENT_LOG } from '@causeway/core';
import { afterEach, describe, expect, test } from 'vitest';
import { type AdminServer, startAdmin } from './admin-server.js';
import type { BrokerView, QueueView } from './broker-view.js';

let server: AdminServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

function createView() {
  const state = {
    role: 'active' as BrokerView['role'],
    node: null as BrokerView['node'],
    metrics: new Metrics(),
    overloaded: false,
    sessionCount: 3,
    retainedCount: 4,
    delayedCount: 6,
    all: [] as QueueView[],
    queues: () => state.all,
  };
  return state;
}

async function start(view: BrokerView): Promise<(path: string) => Promise<Response>> {
  server = await startAdmin({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    name: 'az-a',
    version: '1.2.3',
    metricsQueuesMax: 2,
    view,
    log: SILENT_LOG,
  });
  const { url } = server;
  return (path) => fetch(`${url}${path}`);
}

describe('health', () => {
  test('is told while the process lives', async () => {
    const get = await start(createView());
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: 'alive',
      name: 'az-a',
      version: '1.2.3',
    });
  });

  test.each([
    ['starting', 503],
    ['active', 200],
    ['stopping', 503],
  ] as const)('while %s the broker is ready with %i', async (role, status) => {
    const view = createView();
    view.role = role;
    const get = await start(view);
    const response = await get('/readyz');
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ ready: status === 200, name: 'az-a', role });
  });

  test('of a node says who leads', async () => {
    const view = createView();
    view.role = 'standby';
    view.node = { role: 'standby', epoch: 7, leader: 'az-b' };
    const response = await (await start(view))('/readyz');
    expect(response.status).toBe(503);
    const body = { ready: false, name: 'az-a', role: 'standby', epoch: 7, leader: 'az-b' };
    expect(await response.json()).toEqual(body);
  });

  test('elsewhere there is nothing', async () => {
    const get = await start(createView());
    expect((await get('/')).status).toBe(404);
  });
});

describe('metrics', () => {
  const seriesOf = (text: string) => {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => line.split(' ') as [string, string]));
  };

  test('are read from the broker at each scrape', async () => {
    const view = createView();
    const get = await start(view);
    view.metrics.messagesPublished = 7;
    view.metrics.connectionsOpen = 2;
    await get('/metrics');
    view.metrics.messagesPublished = 9;
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const series = seriesOf(await response.text());
    expect(series.get('causeway_messages_published_total')).toBe('9');
    expect(series.get('causeway_connections_open')).toBe('2');
    expect(series.get('causeway_ready')).toBe('1');
    expect(series.get('causeway_sessions')).toBe('3');
    expect(series.get('causeway_delayed_messages')).toBe('6');
    expect(series.get('causeway_retained_messages')).toBe('4');
    expect(Number(series.get('process_resident_memory_bytes'))).toBeGreaterThan(1e6);
    expect(series.has('process_cpu_seconds_total')).toBe(true);
    for (const key of Object.keys(view.metrics)) {
      const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      expect(
        [...series.keys()].some((other) => other.startsWith(`causeway_${name}`)),
        key,
      ).toBe(true);
    }
  });

  test('have series for the deepest queues only, and totals for all', async () => {
    const view = createView();
    const queue = (name: string, length: number, kind: QueueView['kind'] = 'queue') =>
      view.all.push({ name, kind, length, consumers: [1] });
    queue('a', 5);
    queue('b', 50);
    queue('c"\\', 500);
    queue('mqtt:client', 5000, 'session');
    const get = await start(view);
    const first = seriesOf(await (await get('/metrics')).text());
    expect([...first.keys()].filter((key) => key.startsWith('causeway_queue_depth'))).toEqual([
      'causeway_queue_depth{queue="c\\"\\\\"}',
      'causeway_queue_depth{queue="b"}',
    ]);
    expect(first.get('causeway_messages{kind="queue"}')).toBe('555');
    expect(first.get('causeway_messages{kind="session"}')).toBe('5000');
    expect(first.get('causeway_queues{kind="queue"}')).toBe('3');
    view.all = [];
    const second = await (await get('/metrics')).text();
    expect(second).not.toContain('causeway_queue_depth{');
    expect(seriesOf(second).get('causeway_queues{kind="queue"}')).toBe('0');
  });
});

test('an address in use is an error', async () => {
  await start(createView());
  const port = server!.port;
  await expect(
    startAdmin({
      host: '127.0.0.1',
      port,
      tls: null,
      name: '',
      version: '',
      metricsQueuesMax: 1,
      view: createView(),
      log: SILENT_LOG,
    }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

import { join } from 'node:path';
import { Front, type FrontNode, serveControl } from '@causeway/failover';
import { CONTROL_SOCKET, formatAddress, openLog } from '@causeway/server';
import type { ConfigOptions } from './config-options.js';
import { usageError } from './exit-code.js';
import { loadPair } from './pair/load-pair.js';
import { parseRoutes } from './pair/parse-routes.js';
import { runService } from './run-service.js';

export interface FrontCommandOptions extends ConfigOptions {
  readonly routes?: string;
}

/** `causeway front`: the one address of several nodes. */
export async function runFront(options: FrontCommandOptions): Promise<void> {
  const { config, multiAz, layout, warnings } = await loadPair(options);
  const nodes: readonly FrontNode[] =
    options.routes === undefined
      ? layout.nodes.map(({ name, admin, listeners }) => ({ name, admin, endpoints: listeners }))
      : parseRoutes(options.routes, config.listeners.length);
  const nowhere = nodes.find(({ admin, endpoints }) =>
    [admin, ...endpoints].some(({ port }) => port === 0),
  );
  if (nowhere !== undefined) {
    throw usageError(`${nowhere.name} cannot be reached at port 0: give each listener its port`);
  }
  const log = openLog(config.log);
  for (const warning of warnings) log.warn('configuration', { warning });
  const front = new Front({
    listeners: layout.front.listeners,
    nodes,
    waitMs: multiAz.frontWait,
    probeMs: multiAz.frontProbe,
    connectionsMax: multiAz.frontConnectionsMax,
    admitPerSecond: multiAz.frontAdmitPerSecond,
    proxyHeader: multiAz.frontProxyProtocol === 'none' ? null : multiAz.frontProxyProtocol,
    log,
  });
  const addresses: { name: string; address: string }[] = [];
  const control = await serveControl(join(config.node.data, CONTROL_SOCKET), () => ({
    part: 'front',
    ...front.status,
    endpoints: addresses,
  }));
  for (const [place, bound] of (await front.start()).entries()) {
    const { name } = layout.front.listeners[place]!;
    addresses.push({ name, address: formatAddress(bound) });
  }
  runService({
    addresses,
    log,
    stop: async () => {
      await front.close();
      await control.close();
      log.flush();
    },
  });
}

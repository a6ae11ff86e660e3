import { join } from 'node:path';
import { serveControl, startRegion } from '@causeway/failover';
import { CONTROL_SOCKET, exitCodeOf, formatAddress, openLog } from '@causeway/server';
import type { ConfigOptions } from './config-options.js';
import { loadPair } from './pair/load-pair.js';
import { runService } from './run-service.js';

/** `causeway region`: the log that nodes share. */
export async function runRegion(options: ConfigOptions): Promise<void> {
  const { config, multiAz, layout, warnings } = await loadPair(options);
  const folder = config.node.data;
  const log = openLog(config.log);
  for (const warning of warnings) log.warn('configuration', { warning });
  const region = await startRegion({
    folder,
    ...multiAz.region,
    cluster: layout.cluster,
    log,
    onFatal: (error) => {
      log.flush();
      process.exit(exitCodeOf(error));
    },
  });
  const address = formatAddress({ host: region.address, port: region.port });
  const addresses = [{ name: 'region', address }];
  const control = await serveControl(join(folder, CONTROL_SOCKET), () => ({
    part: 'region',
    ...region.status(),
    endpoints: addresses,
  }));
  runService({
    addresses,
    log,
    stop: async () => {
      await control.close();
      await region.close();
      log.flush();
    },
  });
}

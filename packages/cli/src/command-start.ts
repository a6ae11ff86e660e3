import { exitCodeOf, loadConfig, startBroker } from '@causeway/server';
import { type ConfigOptions, configSets } from './config-options.js';
import { runService } from './run-service.js';

/** `causeway start`: serves until somebody says stop. */
export async function runStart(options: ConfigOptions): Promise<void> {
  const loaded = await loadConfig({
    file: options.config,
    environment: process.env,
    sets: configSets(options),
    alone: true,
  });
  const broker = await startBroker({
    ...loaded,
    onFatal: (error) => process.exit(exitCodeOf(error)),
  });
  runService({
    addresses: broker.addresses,
    log: broker.log,
    stop: () => broker.stop(),
    reload: () => void broker.reloadCertificates(),
  });
}

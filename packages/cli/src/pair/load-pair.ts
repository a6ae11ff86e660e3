import { type Config, loadConfig, type MultiAzLayout, multiAzLayout } from '@causeway/server';
import { type ConfigOptions, configSets } from '../config-options.js';

export interface LoadedPair {
  readonly config: Config;
  readonly multiAz: NonNullable<Config['multiAz']>;
  readonly layout: MultiAzLayout;
  readonly warnings: readonly string[];
}

/**
 * Reads a configuration of which the section `multiAz` is used, with its defaults if it is not there.
 * @throws ConfigError
 */
export async function loadPair(options: ConfigOptions): Promise<LoadedPair> {
  const sources = { file: options.config, environment: process.env, sets: configSets(options) };
  let loaded = await loadConfig(sources);
  if (loaded.config.multiAz === undefined) {
    loaded = await loadConfig({ ...sources, sets: [...sources.sets, 'multiAz={}'] });
  }
  const { config, warnings } = loaded;
  return { config, multiAz: config.multiAz!, layout: multiAzLayout(config), warnings };
}

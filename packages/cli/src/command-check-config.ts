import { loadConfig } from '@causeway/server';
import { type ConfigOptions, configSets } from './config-options.js';

/** `causeway check-config`: says what is wrong, or that nothing is. */
export async function runCheckConfig(options: ConfigOptions): Promise<void> {
  const { warnings } = await loadConfig({
    file: options.config,
    environment: process.env,
    sets: configSets(options),
  });
  for (const warning of warnings) console.error(`warning: ${warning}`);
  console.log(`${options.config ?? 'the stock configuration'}: good`);
}

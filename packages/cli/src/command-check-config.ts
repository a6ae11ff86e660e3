import { loadConfig } from '@causeway/server';
import { configSets } from './command-start.js';

export interface CheckConfigOptions {
  readonly config?: string;
  readonly data?: string;
  readonly set: readonly string[];
}

/** `causeway check-config`: says what is wrong, or that nothing is. */
export async function runCheckConfig(options: CheckConfigOptions): Promise<void> {
  const { warnings } = await loadConfig({
    file: options.config,
    environment: process.env,
    sets: configSets(options),
  });
  for (const warning of warnings) console.error(`warning: ${warning}`);
  console.log(`${options.config ?? 'the stock configuration'}: good`);
}

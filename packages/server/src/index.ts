export { type ConfigSources, type LoadedConfig, loadConfig } from './config/config.js';
export { ConfigError } from './config/config-problem.js';
export { renderConfigurationReference } from './config/configuration-reference.js';
export type { Config } from './config/options.js';

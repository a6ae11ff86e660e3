export { deriveScramKeys, formatScramKeys, hashPassword, SCRYPT_COST } from '@causeway/auth';
export type { Explanation } from '@causeway/core';
export { type ConfigSources, type LoadedConfig, loadConfig } from './config/config.js';
export { ConfigError } from './config/config-problem.js';
export { renderConfigurationReference } from './config/configuration-reference.js';
export type { Config } from './config/options.js';
export { exitCodeOf } from './exit-code.js';
export { explainSent, type SentMessage } from './explain-sent.js';
export { createFormats } from './protocols.js';
export {
  type NamedAddress,
  type RunningBroker,
  type StartOptions,
  startBroker,
} from './start-broker.js';

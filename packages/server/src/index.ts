export { deriveScramKeys, formatScramKeys, hashPassword, SCRYPT_COST } from '@causeway/auth';
export type { Explanation } from '@causeway/core';
export { type BrokerLog, openLog } from './broker-log.js';
export { type ConfigSources, type LoadedConfig, loadConfig } from './config/config.js';
export { ConfigError } from './config/config-problem.js';
export { renderConfigurationReference } from './config/configuration-reference.js';
export type { Config } from './config/options.js';
export { exitCodeOf } from './exit-code.js';
export { explainSent, type SentMessage } from './explain-sent.js';
export { formatAddress } from './format-address.js';
export {
  CONTROL_SOCKET,
  type LayoutAddress,
  type MultiAzLayout,
  multiAzLayout,
  type NodeLayout,
} from './multi-az-layout.js';
export type { NamedAddress } from './named-address.js';
export { createFormats } from './protocols.js';
export {
  type RunningBroker,
  type StartOptions,
  startBroker,
} from './start-broker.js';

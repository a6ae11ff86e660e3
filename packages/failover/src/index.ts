export { LevelShardLog } from './level-shard-log.js';
export {
  decodeRecord,
  encodeRecord,
  HASH_BYTES,
  hashRecord,
  type LogRecord,
  NO_HASH,
  RECORD_KINDS,
  type RecordHeader,
  type RecordKind,
} from './log-record.js';
export { LogStore, type LogStoreOptions } from './log-store.js';
export { LogTrimmedError } from './log-trimmed-error.js';
export type { NodeStatus, ReplicaRole } from './node-status.js';
export type {
  AppendResult,
  DurabilityDomain,
  LogCapabilities,
  LogReader,
  LogReading,
  ShardLog,
} from './shard-log.js';

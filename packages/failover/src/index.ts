export { applyChanges } from './change-list.js';
export { Front, type FrontOptions, type FrontStatus } from './front/front.js';
export type { FrontNode } from './front/front-node.js';
export { Passage } from './front/passage.js';
export { probeNode, type Readiness } from './front/probe-node.js';
export { encodeProxyHeader } from './front/proxy-header.js';
export { waitForActive } from './front/wait-for-active.js';
export type { Endpoint, LeaderNote, TakeoverReason } from './leader-notes.js';
export { LevelShardLog } from './level-shard-log.js';
export {
  decodeRecord,
  encodeRecord,
  HASH_BYTES,
  hashRecord,
  type LogRecord,
  NO_HASH,
  RECORD_HEADER_BYTES,
  RECORD_KINDS,
  type RecordHeader,
  type RecordKind,
} from './log-record.js';
export type { LogStoreOptions } from './log-store.js';
export { LogTrimmedError } from './log-trimmed-error.js';
export type { NodeStatus, ReplicaRole } from './node-status.js';
export { Edge } from './proxy/edge.js';
export { FaultProxy, type FaultProxyOptions, type SocketAddress } from './proxy/fault-proxy.js';
export { parseToxics, type Toxic } from './proxy/toxic.js';
export type { ClientSnapshots } from './region/client-snapshots.js';
export type { ClientUpload } from './region/client-upload.js';
export type { ConnectOptions, ConnectTimeouts } from './region/connect-options.js';
export { connectRegion } from './region/connect-region.js';
export type { NodeIdentity } from './region/hello.js';
export type { Region } from './region/region.js';
export type { RegionLog } from './region/region-log.js';
export type { RegionLimits, RegionOptions, RegionRetention } from './region/region-options.js';
export type { RegionStatus } from './region/region-status.js';
export type { SnapshotManifest } from './region/snapshot-manifest.js';
export { startRegion } from './region/start-region.js';
export type { ReplicaListener, ReplicaOptions } from './replica-options.js';
export { ReplicatedLog } from './replicated-log.js';
export type {
  AppendResult,
  DurabilityDomain,
  LogCapabilities,
  LogReader,
  LogReading,
  ShardLog,
} from './shard-log.js';
export { ShardReplica } from './shard-replica.js';
export { restoreSnapshot, uploadSnapshot } from './state-snapshot.js';
export { findFreePort } from './supervisor/free-port.js';
export { PartError, type PartSpec, type PartStatus } from './supervisor/part.js';
export { type ControlServer, serveControl } from './supervisor/serve-control.js';
export { Supervisor, type SupervisorOptions } from './supervisor/supervisor.js';

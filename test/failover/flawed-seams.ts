import {
  type AppendResult,
  decodeRecord,
  encodeRecord,
  hashRecord,
  ReplicatedLog,
  type ShardLog,
  ShardReplica,
} from '@causeway/failover';
import type { CommitBatch, CommitLog } from '@causeway/journal';
import type { SimulatedLog } from './simulated-log.js';
import { type SimulatedSeams, SOUND_SEAMS } from './simulated-seams.js';

/** Says that a commit is durable before the log has said so. */
class HastyLog extends ReplicatedLog {
  override append(tail: number, batch: CommitBatch, done: (error: Error | null) => void): void {
    super.append(tail, batch, () => {});
    queueMicrotask(() => done(null));
  }
}

/** Serves while it believes to lead, whether or not its lease lasts. */
class LeaselessReplica extends ShardReplica {
  override get serving(): boolean {
    return this.role === 'active';
  }
}

/** Stands for leader behind whatever is last in the log now, not behind what it has received. */
function standAnywhere(client: ShardLog, log: SimulatedLog): ShardLog {
  const append = (tail: number, record: Buffer, done: (result: AppendResult) => void) => {
    const last = log.record(log.tail);
    const open = decodeRecord(record);
    if (open.kind !== 'open' || last === null) {
      client.append(tail, record, done);
      return;
    }
    const header = {
      ...open,
      epoch: decodeRecord(last).epoch + 1,
      previousHash: hashRecord(last),
    };
    client.append(log.tail, encodeRecord(header, open.body), done);
  };
  return {
    capabilities: client.capabilities,
    tail: () => client.tail(),
    first: () => client.first(),
    read: (from, reader) => client.read(from, reader),
    trim: (upTo) => client.trim(upTo),
    close: () => client.close(),
    append,
  };
}

function flawed(seams: Partial<SimulatedSeams>): SimulatedSeams {
  return { ...SOUND_SEAMS, ...seams };
}

/** Defects that a node may have, each at one of its seams. */
export const FLAWED_SEAMS = {
  'confirms before the log has answered': flawed({
    commitLog: (replica, state): CommitLog => new HastyLog(replica, state),
  }),
  'serves without a lease': flawed({ replica: (options) => new LeaselessReplica(options) }),
  'stands behind a fresh tail': flawed({ shardLog: standAnywhere }),
  'takes the time of its lease from the wall clock': flawed({
    clock: (clock) => ({ monotonicMs: () => clock.wallMs(), wallMs: () => clock.wallMs() }),
  }),
} as const;

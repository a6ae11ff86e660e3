import { BrokerError, invariant } from '@causeway/core';
import { LevelReading } from './level-reading.js';
import { LogStore, type LogStoreOptions, RECORD_BYTES_MAX, VALUE_ROOM_BYTES } from './log-store.js';
import type {
  AppendResult,
  LogCapabilities,
  LogReader,
  LogReading,
  ShardLog,
} from './shard-log.js';

/** The engine `local`: a log in a folder of this process. */
export class LevelShardLog implements ShardLog {
  readonly capabilities: LogCapabilities = {
    domain: 'host',
    syncedOnAppend: true,
    recordBytesMax: RECORD_BYTES_MAX,
  };
  readonly #store: LogStore;
  #closed = false;

  private constructor(store: LogStore) {
    this.#store = store;
  }

  /**
   * Opens the log in a folder, which is created if it does not exist.
   * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-newer`, `storage-failed`
   */
  static async open(options: LogStoreOptions): Promise<LevelShardLog> {
    return new LevelShardLog(await LogStore.open(options));
  }

  async tail(): Promise<number> {
    this.#refuseClosed();
    return this.#store.tail;
  }

  async first(): Promise<number> {
    this.#refuseClosed();
    return this.#store.first;
  }

  append(expectedTail: number, record: Buffer, done: (result: AppendResult) => void): void {
    invariant(record.length > 0 && record.length <= RECORD_BYTES_MAX, 'a record has a legal size');
    const value = Buffer.allocUnsafe(VALUE_ROOM_BYTES + record.length);
    record.copy(value, VALUE_ROOM_BYTES);
    this.#store.append(expectedTail, value, done);
  }

  read(from: number, reader: LogReader): LogReading {
    return new LevelReading(this.#store, from, reader);
  }

  async trim(upTo: number): Promise<void> {
    this.#refuseClosed();
    await this.#store.trim(upTo);
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#store.close();
  }

  #refuseClosed(): void {
    if (this.#closed) throw new BrokerError('shutting-down', 'the log was closed');
  }
}

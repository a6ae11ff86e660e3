import {
  type AddressBook,
  BrokerError,
  type Log,
  type Message,
  type StoredEntry,
} from '@causeway/core';
import { WireError } from '@causeway/wire';
import { isIntact } from './checksum.js';
import type { CommitLog } from './commit-log.js';
import { Keys } from './keys.js';
import { MessageDecoder } from './message-codec.js';
import { type DecodedBody, decodeBody, decodeEntry } from './message-records.js';

/** A larger id is that of a publisher which was not stored: in a later run it is somebody else's. */
const STORED_ID_MAX = 2 ** 32 - 1;
const NO_TARGETS: readonly number[] = [];

/** What is wrong with a record that is not served. */
class Damage {
  constructor(readonly what: string) {}
}

/**
 * Reads entries by their exact keys. One that is missing or damaged is reported once, by name, and
 * returned without a message, so that it is never served.
 */
export class EntryReader {
  readonly #commitLog: CommitLog;
  readonly #log: Log;
  readonly #keys = new Keys();
  readonly #decoder: MessageDecoder;
  readonly #bootCount: number;

  constructor(commitLog: CommitLog, addresses: AddressBook, log: Log, bootCount: number) {
    this.#commitLog = commitLog;
    this.#log = log;
    this.#decoder = new MessageDecoder(addresses);
    this.#bootCount = bootCount;
  }

  /** @throws BrokerError `storage-failed` when the disk cannot be read */
  read(queueId: number, sequence: number): StoredEntry {
    try {
      return this.#read(queueId, sequence);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      this.#log.error('entry-damaged', { queueId, sequence, reason: error.what });
      return {
        sequence,
        message: null,
        bodyId: 0,
        bodyTargets: NO_TARGETS,
        stale: false,
        direct: false,
      };
    }
  }

  /** Reads the message of a retained document, whose checksum was found right at recovery. */
  retained(payload: Buffer): Message {
    return this.#decoder.read(payload, 0).message;
  }

  #read(queueId: number, sequence: number): StoredEntry {
    const key = this.#keys.entry(queueId, sequence);
    const entry = this.#load('entry', key, (value) => decodeEntry(value, this.#decoder));
    const { bodyId, direct } = entry;
    const body = entry.decoded === null ? this.#body(bodyId) : null;
    const { message, bootCount } = entry.decoded ?? body!.decoded;
    const former = bootCount !== this.#bootCount;
    if (former && message.publisherId > STORED_ID_MAX) message.publisherId = 0;
    return {
      sequence,
      message,
      bodyId,
      bodyTargets: body?.targets ?? NO_TARGETS,
      stale: former && !message.durable,
      direct,
    };
  }

  #body(bodyId: number): DecodedBody {
    return this.#load(`body ${bodyId}`, this.#keys.body(bodyId), (value) =>
      decodeBody(value, this.#decoder),
    );
  }

  #load<T>(name: string, key: Buffer, decode: (value: Buffer) => T): T {
    const value = this.#get(name, key);
    if (value === null) throw new Damage(`${name} is missing`);
    if (!isIntact(key, value)) throw new Damage(`the checksum of ${name} is wrong`);
    try {
      return decode(value);
    } catch (error) {
      if (error instanceof WireError) throw new Damage(`${name} cannot be read: ${error.message}`);
      throw error;
    }
  }

  #get(name: string, key: Buffer): Buffer | null {
    try {
      return this.#commitLog.get(key);
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== 'storage-corrupt') throw error;
      throw new Damage(`${name} is unreadable: ${error.message}`);
    }
  }
}

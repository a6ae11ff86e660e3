import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerError } from '@causeway/core';
import { type RegionLog, restoreSnapshot, uploadSnapshot } from '@causeway/failover';
import { LevelState } from '@causeway/journal';
import type { BrokerLog } from './broker-log.js';

/** Within the data folder: what the log adds up to. */
const STATE_FOLDER = 'state';
/** Beside it: which log. */
const IDENTITY_FILE = 'CLUSTER';
const SNAPSHOT_RETRY_MS = 1000;

/**
 * The state of a node on its disk: a copy that the log and the other nodes can replace, so it is put
 * aside when it is damaged, and made anew from a snapshot when the log has forgotten what it lacks.
 */
export class NodeState {
  readonly #folder: string;
  readonly #log: BrokerLog;
  readonly #identity: string;
  readonly #verdict: string;
  #state: LevelState | null = null;

  constructor(dataFolder: string, log: BrokerLog) {
    this.#folder = join(dataFolder, STATE_FOLDER);
    this.#identity = join(dataFolder, IDENTITY_FILE);
    this.#verdict = `${this.#folder}.condemned`;
    this.#log = log;
  }

  /** The id of the cluster whose log this is the state of; null before it is known. */
  get clusterId(): string | null {
    return existsSync(this.#identity) ? readFileSync(this.#identity, 'utf8').trim() : null;
  }

  set clusterId(id: string) {
    if (this.clusterId !== id) writeFileSync(this.#identity, `${id}\n`, { mode: 0o600 });
  }

  get current(): LevelState {
    if (this.#state === null) throw new Error('the state is open while a node runs');
    return this.#state;
  }

  /** @throws BrokerError `storage-locked`, `storage-failed`, `storage-newer` */
  async open(): Promise<LevelState> {
    this.#state = await this.#openOrPutAside();
    return this.#state;
  }

  /**
   * Waits for a snapshot that is newer than this state, and takes its place.
   * @param isOver whether nobody needs it any more
   */
  async renew(region: RegionLog, isOver: () => boolean): Promise<void> {
    const { sequence } = this.current.position;
    while (!isOver()) {
      try {
        const manifest = await region.snapshots.latest();
        if (manifest !== null && manifest.from > sequence) {
          this.#log.info('taking a snapshot', { ...manifest });
          await this.close();
          await restoreSnapshot(this.#folder, manifest, region.snapshots);
          break;
        }
        await region.snapshots.request();
      } catch (error) {
        this.#log.warn('no snapshot yet', { reason: (error as Error).message });
      }
      await sleep(SNAPSHOT_RETRY_MS);
    }
    await this.open();
  }

  /** Makes a snapshot for others. */
  async share(region: RegionLog): Promise<void> {
    try {
      const manifest = await uploadSnapshot(this.current, region.snapshots);
      this.#log.info('snapshot made', { ...manifest });
    } catch (error) {
      this.#log.warn('no snapshot made', { reason: (error as Error).message });
    }
  }

  /** It cannot be recovered from: the next start puts it aside. */
  condemn(reason: string): void {
    writeFileSync(this.#verdict, `${reason}\n`);
  }

  async close(): Promise<void> {
    await this.#state?.close();
  }

  async #openOrPutAside(): Promise<LevelState> {
    if (existsSync(this.#verdict)) this.#putAside(readFileSync(this.#verdict, 'utf8').trim());
    try {
      return await LevelState.open(this.#folder);
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== 'storage-corrupt') throw error;
      this.#putAside(error.message);
      return await LevelState.open(this.#folder);
    }
  }

  #putAside(reason: string): void {
    const aside = `${this.#folder}.damaged-${Date.now()}`;
    if (existsSync(this.#folder)) renameSync(this.#folder, aside);
    rmSync(this.#verdict, { force: true });
    this.#log.error('state damaged', { reason, aside });
  }
}

/** @throws BrokerError `config-invalid` for the data folder of a broker that stands alone */
export function refuseSingleBroker(folder: string): void {
  if (!existsSync(join(folder, 'CURRENT'))) return;
  throw new BrokerError(
    'config-invalid',
    `the data folder ${folder} belongs to a broker that stands alone: a node starts with an empty one`,
  );
}

/** @throws BrokerError `config-invalid` for the data folder of a node */
export function refuseNode(folder: string): void {
  if (!existsSync(join(folder, STATE_FOLDER))) return;
  throw new BrokerError(
    'config-invalid',
    `the data folder ${folder} belongs to a node: start it with its section failover, or use ` +
      'another folder',
  );
}

import { cpSync, rmSync } from 'node:fs';
import { SILENT_LOG } from '@causeway/core';
import { LevelShardLog } from '@causeway/failover';
import { temporaryFolder } from '../journal/store-fixture.js';
import { RegionFixture } from './region-fixture.js';
import { shardLogContract } from './shard-log-contract.js';
import { SimulatedLog } from './simulated-log.js';

shardLogContract('simulated', async () => {
  const log = new SimulatedLog();
  return {
    shared: true,
    connect: async () => log.connect(),
    async restart() {},
    async crash() {},
    async dispose() {},
  };
});

shardLogContract('level', async () => {
  const folders = [temporaryFolder()];
  return {
    shared: false,
    connect: () => {
      return LevelShardLog.open({
        folder: folders.at(-1)!,
        log: SILENT_LOG,
        onFatal: (error) => {
          throw error;
        },
      });
    },
    async restart() {},
    // What the files hold at this moment is what a process that is killed leaves behind.
    async crash() {
      const copy = temporaryFolder();
      cpSync(folders.at(-1)!, copy, { recursive: true });
      folders.push(copy);
    },
    async dispose() {
      for (const folder of folders) rmSync(folder, { recursive: true });
    },
  };
});

shardLogContract('region', async () => {
  // One copy beside the log is enough here: what a client trims is trimmed.
  const fixture = new RegionFixture({ members: 1 });
  await fixture.start();
  return {
    shared: true,
    connect: async () => fixture.connect(),
    restart: () => fixture.restart(),
    crash: () => fixture.crash(),
    dispose: () => fixture.dispose(),
  };
});

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

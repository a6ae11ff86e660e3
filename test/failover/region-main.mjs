// A region in a process of its own, for tests that kill it: `node region-main.mjs '{"folder": ...}'`.
// Prints its port when it is ready, and ends by SIGTERM, or with code 1 when its disk fails.
import { startRegion } from '@causeway/failover';

const print = (level) => (event, fields) => console.error(level, event, JSON.stringify(fields));
const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error', 'audit'].map((level) => [level, print(level)]),
);
const region = await startRegion({
  host: '127.0.0.1',
  ...JSON.parse(process.argv[2]),
  log,
  onFatal: (error) => {
    console.error(error.message);
    process.exit(1);
  },
});
process.once('SIGTERM', () => region.close().then(() => process.exit(0)));
console.log(region.port);

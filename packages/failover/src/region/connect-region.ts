import type { ConnectOptions } from './connect-options.js';
import { RegionLog } from './region-log.js';

/**
 * The log of the region at an address, as a shard log. It connects by itself, now and whenever the
 * connection breaks, and needs none to be made.
 */
export function connectRegion(options: ConnectOptions): RegionLog {
  return new RegionLog(options);
}

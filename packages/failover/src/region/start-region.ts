import { Region } from './region.js';
import type { RegionOptions } from './region-options.js';

/**
 * Starts the region log of a cluster in this process.
 * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-newer`, `storage-failed`;
 *   `config-invalid` for a folder of another cluster, and for an address that cannot be used
 */
export function startRegion(options: RegionOptions): Promise<Region> {
  return Region.start(options);
}

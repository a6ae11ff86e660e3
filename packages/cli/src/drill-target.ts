import { fileURLToPath } from 'node:url';
import {
  ActivemqTarget,
  type DrillTarget,
  MultiAzTarget,
  StandaloneTarget,
  seededRandom,
} from '@causeway/drill';

export type DrillTargetName = 'standalone' | 'multi-az' | 'activemq';

const COMMAND = fileURLToPath(new URL('../bin/causeway.js', import.meta.url));

/**
 * @param folder where the target keeps its store and its logs
 * @param seed of the jitter of its network
 */
export function openDrillTarget(name: DrillTargetName, folder: string, seed: number): DrillTarget {
  const command = [process.execPath, COMMAND];
  if (name === 'activemq') return new ActivemqTarget(folder);
  if (name === 'multi-az') return new MultiAzTarget({ command, folder });
  return new StandaloneTarget({ command, folder, random: seededRandom(seed + 2) });
}

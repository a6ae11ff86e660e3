import { fileURLToPath } from 'node:url';
import { type DrillTarget, StandaloneTarget, seededRandom } from '@causeway/drill';

export const DRILL_TARGETS = ['standalone'] as const;
export type DrillTargetName = (typeof DRILL_TARGETS)[number];

const COMMAND = fileURLToPath(new URL('../bin/causeway.js', import.meta.url));

/**
 * @param folder where the target keeps its store and its logs
 * @param seed of the jitter of its network
 */
export function openDrillTarget(_name: DrillTargetName, folder: string, seed: number): DrillTarget {
  const command = [process.execPath, COMMAND];
  return new StandaloneTarget({ command, folder, random: seededRandom(seed + 2) });
}

import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DrillError } from '../drill-error.js';
import type { Plan } from './plan.js';
import { readPlan } from './read-plan.js';

const FOLDER = fileURLToPath(new URL('../../plans', import.meta.url));

/** The plans that come with Causeway, by name. */
export function stockPlans(): Plan[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => readPlan(join(FOLDER, file)));
}

/**
 * A stock plan by its name, or else the plan in a file.
 * @throws DrillError when it is neither, or cannot be run
 */
export function findPlan(nameOrFile: string): Plan {
  if (nameOrFile.includes('/') || nameOrFile.endsWith('.yaml')) return readPlan(nameOrFile);
  const names = readdirSync(FOLDER).map((file) => basename(file, '.yaml'));
  if (names.includes(nameOrFile)) return readPlan(join(FOLDER, `${nameOrFile}.yaml`));
  throw new DrillError(
    `there is no stock plan ${nameOrFile}; the name of a file has a / or ends with .yaml\n` +
      `stock plans: ${names.sort().join(', ')}`,
  );
}

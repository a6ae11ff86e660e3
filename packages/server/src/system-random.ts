import { randomBytes } from 'node:crypto';
import type { Random } from '@causeway/core';

/** Chance from the system; ids come from its source for secrets. */
export const SYSTEM_RANDOM: Random = {
  next: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};

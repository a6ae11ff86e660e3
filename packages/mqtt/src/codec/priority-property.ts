import type { Properties } from './types.js';

/** The user property that carries what JMS calls the priority. */
export const PRIORITY_PROPERTY = 'JMSPriority';

const PRIORITY = /^\d$/;

/** The priority that user properties give, 0 to 9; -1 for none. */
export function priorityOf({ userProperties = [] }: Properties): number {
  const pair = userProperties.find(
    ([name, value]) => name === PRIORITY_PROPERTY && PRIORITY.test(value),
  );
  return pair === undefined ? -1 : Number(pair[1]);
}

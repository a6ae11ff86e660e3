/** Names of queues that exist only as long as their owner: never created by using them. */
export const TEMPORARY_PREFIX = 'temporary.';

/** Whether a queue of that name is one of those. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX);
}

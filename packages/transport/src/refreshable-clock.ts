import type { Clock } from '@causeway/core';

/**
 * A clock that asks the system only when told to: at the start of each chunk of input and of each
 * turn, so that the messages in between cost no call.
 */
export interface RefreshableClock extends Clock {
  refresh(): void;
}

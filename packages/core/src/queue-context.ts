import type { AmendmentsTotal } from './amendments.js';
import type { BodyTable } from './body-table.js';
import type { Limits } from './limits.js';
import type { Message } from './message.js';
import type { Metrics } from './metrics.js';
import type { Clock, Log, Store } from './ports.js';
import type { Queue } from './queue.js';
import type { WindowTotal } from './queue-window.js';
import type { Target } from './router.js';

/** What queues share with their broker. */
export interface QueueContext extends WindowTotal, AmendmentsTotal {
  readonly store: Store;
  readonly bodies: BodyTable;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Has the queue dispatch at the end of the turn. */
  wake(queue: Queue): void;
  /** Has the queue dispatch when the commit that is open now is durable. */
  wakeWhenDurable(queue: Queue): void;
  /** How a message that was read back found its queue; null when no binding matches any more. */
  routeTarget(queue: Queue, message: Message, direct: boolean): Target | null;
}

import type { Address } from './address.js';
import { deadLetterOf } from './dead-letter.js';
import type { Message } from './message.js';
import type { Metrics } from './metrics.js';
import type { EffectivePolicy } from './policy.js';
import type { Clock } from './ports.js';
import type { Outcome, QueueEntry, SettleDetails } from './queue-entry.js';

interface Dependencies {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly queueAddress: (name: string) => Address;
  readonly policyFor: (address: Address) => EffectivePolicy;
  readonly sendLetter: (letter: Message) => void;
}

/** How deliveries end: done, returned, or buried as dead letters. */
export class Settlement {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  settle(entry: QueueEntry, outcome: Outcome, details?: SettleDetails): void {
    switch (outcome) {
      case 'accepted':
        this.#dependencies.metrics.messagesSettled++;
        entry.queue.finish(entry);
        break;
      case 'released':
        entry.queue.giveBack(entry);
        break;
      case 'rejected':
        this.#bury(entry, details?.reason ?? 'rejected');
        break;
      case 'modified':
        this.#modify(entry, details);
        break;
    }
  }

  /** A message whose time had come could not be brought into its queue. */
  buryUndelivered(message: Message, reason: string): void {
    const { deadLetter } = this.#dependencies.policyFor(message.address);
    this.#sendLetter(message, message.address, deadLetter, reason, 0);
  }

  #modify(entry: QueueEntry, details: SettleDetails | undefined): void {
    const { queue } = entry;
    if (details?.amendments !== undefined) queue.amend(entry, details.amendments);
    if (details?.undeliverableHere === true) {
      this.#bury(entry, details.reason ?? 'undeliverable');
      return;
    }
    if (details?.deliveryFailed !== true) {
      queue.giveBack(entry);
      return;
    }
    const failures = queue.countFailure(entry);
    const { maxDeliveries, deadLetter } = this.#policyOf(entry);
    if (maxDeliveries > 0 && failures >= maxDeliveries && queue.name !== deadLetter) {
      this.#bury(entry, details.reason ?? 'delivery limit reached');
    } else queue.giveBack(entry);
  }

  /** Moves a message to the dead letters, in the same commit that takes it from its queue. */
  #bury(entry: QueueEntry, reason: string): void {
    const { queue, shown: message, deliveryCount } = entry;
    const { deadLetter } = this.#policyOf(entry);
    const origin = queue.kind === 'queue' ? queue.address : message.address;
    // What is refused as a dead letter is gone.
    const name = queue.name === deadLetter ? '' : deadLetter;
    this.#sendLetter(message, origin, name, reason, deliveryCount);
    queue.finish(entry);
  }

  /** @param name of the queue for dead letters; empty for none */
  #sendLetter(
    message: Message,
    origin: Address,
    name: string,
    reason: string,
    deliveryCount: number,
  ): void {
    const { metrics, queueAddress, clock, sendLetter } = this.#dependencies;
    metrics.messagesDeadLettered++;
    if (name === '') return;
    const deadLetters = queueAddress(name);
    const wallMs = clock.wallMs();
    sendLetter(deadLetterOf(message, { deadLetters, reason, origin, deliveryCount, wallMs }));
  }

  /** Queues have a policy of their own; what came through a topic follows the topic's. */
  #policyOf(entry: QueueEntry): EffectivePolicy {
    const { queue, message } = entry;
    return queue.kind === 'queue' ? queue.policy : this.#dependencies.policyFor(message.address);
  }
}

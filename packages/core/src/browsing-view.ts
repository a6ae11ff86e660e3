import type { Message } from './message.js';
import type { QueueEntry } from './queue-entry.js';
import { QueueView } from './queue-view.js';
import type { Target } from './router.js';

/** The view of a consumer that browses: everything, held by somebody or not, in order and once. */
export class BrowsingView extends QueueView {
  /** Shows the next message. @returns false when there is none now */
  show(): boolean {
    // What was found in the store first: what came into the ring meanwhile follows it, or is it.
    return this.#showFound() || this.#showInRing();
  }

  #showFound(): boolean {
    const { contents } = this;
    for (let stored = this.firstFound; stored !== undefined; stored = this.firstFound) {
      const { sequence, direct } = stored;
      const message = contents.amendments.shown(sequence, stored.message!);
      this.dropFirstFound();
      if (contents.log.isSettled(sequence) || contents.hasExpired(message)) continue;
      this.#deliver(
        message,
        contents.targetOf(message, direct),
        contents.log.wasDelivered(sequence),
      );
      return true;
    }
    return false;
  }

  #showInRing(): boolean {
    const { contents, cursor } = this;
    const { ring } = contents;
    for (let entry = ring.seek(cursor); entry !== null; entry = ring.seek(cursor)) {
      const { shown: message, target, redelivered } = entry;
      const shows =
        !this.#wasShown(entry) && !contents.hasExpired(message) && this.selects(message);
      if (shows && !contents.isDurable(entry)) return false;
      cursor.position = entry.position + 1;
      this.seenBelow = Math.max(this.seenBelow, entry.sequence + 1);
      if (!shows) continue;
      this.#deliver(message, target, redelivered);
      return true;
    }
    return false;
  }

  /** Read ahead since it was found in the store. */
  #wasShown({ sequence }: QueueEntry): boolean {
    return sequence > 0 && sequence < this.seenBelow;
  }

  #deliver(message: Message, target: Target | null, redelivered: boolean): void {
    const { consumer } = this;
    this.context.metrics.messagesDelivered++;
    consumer.deliveries++;
    consumer.sink.deliver(consumer, message, target, null, redelivered);
  }
}

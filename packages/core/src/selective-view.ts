import type { QueueEntry } from './queue-entry.js';
import { QueueView } from './queue-view.js';

/** The view of a consumer with a selector: it takes what matches, in order, wherever it is. */
export class SelectiveView extends QueueView {
  /** Takes the next entry that matches and may be handed out now, or null. */
  take(): QueueEntry | null {
    const entry = this.#takeFromRing();
    // What waits in the ring comes first, also when it may not be handed out yet.
    if (entry !== null || this.contents.ring.seek(this.cursor) !== null) return entry;
    return this.#takeFound();
  }

  #takeFromRing(): QueueEntry | null {
    const { contents, cursor } = this;
    const { ring } = contents;
    for (let entry = ring.seek(cursor); entry !== null; entry = ring.seek(cursor)) {
      if (entry.state === 'available' && this.selects(entry.message)) {
        if (contents.expireDue(entry)) continue;
        if (!contents.mayShow(entry.sequence, entry.commit)) return null;
        cursor.position = entry.position + 1;
        contents.takeOutOfTurn(entry);
        return entry;
      }
      cursor.position = entry.position + 1;
    }
    return null;
  }

  #takeFound(): QueueEntry | null {
    const { contents } = this;
    for (let stored = this.firstFound; stored !== undefined; stored = this.firstFound) {
      if (contents.isWaiting(stored) && !contents.expireStored(stored)) {
        if (!contents.mayShow(stored.sequence, 0)) return null;
        this.dropFirstFound();
        return contents.claim(stored);
      }
      this.dropFirstFound();
    }
    return null;
  }
}

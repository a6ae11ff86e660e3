/** What the world promised about one message in one queue. */
export interface Fate {
  readonly producer: number;
  readonly number: number;
  readonly durable: boolean;
  /** Nobody may see it earlier; 0 for at once. Its place among others is not its producer's. */
  readonly notBefore: number;
  /** The producer was told that it is stored. */
  confirmed: boolean;
  /** It was published by a run that has crashed since, before it was confirmed. */
  uncertain: boolean;
  /** Times it was handed to a consumer, over all runs. */
  deliveries: number;
  /** Somebody holds it now. */
  held: boolean;
  /** A consumer settled it for good: it left the queue, or moved to the dead letters. */
  settlement: 'none' | 'asked' | 'confirmed' | 'uncertain';
  /** The settlement moves it to the dead letters. */
  buried: boolean;
  /** It is a non-durable message of a run that has crashed. */
  lost: boolean;
}

/** A message in one queue. */
export interface Place {
  readonly queue: string;
  readonly producer: number;
  readonly number: number;
}

/** What was committed together. */
interface Group {
  readonly published: readonly Fate[];
  /** What was settled for good, and how often it had been delivered by then. */
  readonly settled: readonly { readonly fate: Fate; readonly deliveries: number }[];
}

/** A promise that the broker broke. */
export class BrokenPromise extends Error {}

/**
 * Follows every message in every queue over crashes, and objects when the broker breaks one of its
 * promises: nothing confirmed is lost, nothing settled with a confirmed settlement comes back,
 * order per producer holds, redeliveries are flagged.
 */
export class Ledger {
  readonly #queues = new Map<string, Map<string, Fate>>();
  /** Highest number delivered for the first time, per turn and producer, in this run. */
  readonly #order = new Map<string, number>();
  readonly #groups: Group[] = [];

  published(place: Place, durable: boolean, notBefore: number): Fate {
    const { queue, producer, number } = place;
    const fate: Fate = {
      producer,
      number,
      durable,
      notBefore,
      confirmed: false,
      uncertain: false,
      deliveries: 0,
      held: false,
      settlement: 'none',
      buried: false,
      lost: false,
    };
    this.#of(queue).set(`${producer}:${number}`, fate);
    return fate;
  }

  /** These messages were published, and these deliveries accepted, in one transaction. */
  committed(published: readonly Fate[], settled: readonly Fate[]): void {
    const before = settled.map((fate) => ({ fate, deliveries: fate.deliveries }));
    this.#groups.push({ published, settled: before });
  }

  fate(queue: string, key: string): Fate {
    return this.#of(queue).get(key)!;
  }

  /** @param turn whose first deliveries have an order: the queue's, or a consumer's */
  delivered(queue: string, key: string, redelivered: boolean, turn: string, nowMs: number): Fate {
    const fate = this.#of(queue).get(key);
    if (fate === undefined) throw new BrokenPromise(`${queue} delivers ${key} from nowhere`);
    if (fate.settlement === 'confirmed') {
      throw new BrokenPromise(`${queue} delivers ${key}, whose settlement was confirmed`);
    }
    if (fate.settlement === 'asked') {
      throw new BrokenPromise(`${queue} delivers ${key} again after it was settled`);
    }
    if (fate.lost) throw new BrokenPromise(`${queue} delivers ${key}, which is not durable`);
    if (fate.notBefore > nowMs) throw new BrokenPromise(`${queue} shows ${key} too early`);
    if (fate.held) throw new BrokenPromise(`${queue} delivers ${key} to two consumers at once`);
    if (fate.durable && !fate.confirmed && !fate.uncertain) {
      throw new BrokenPromise(`${queue} shows ${key} before it is durable`);
    }
    if (fate.deliveries > 0 && !redelivered) {
      throw new BrokenPromise(`${queue} delivers ${key} again without saying so`);
    }
    if (fate.deliveries === 0 && fate.notBefore === 0) this.#checkOrder(turn, fate);
    fate.settlement = 'none';
    fate.deliveries++;
    fate.held = true;
    return fate;
  }

  /** Somebody who browses is shown a message. @returns whether its place is its producer's */
  seen(queue: string, key: string, nowMs: number): boolean {
    const fate = this.#of(queue).get(key);
    if (fate === undefined) throw new BrokenPromise(`${queue} shows ${key} from nowhere`);
    if (fate.settlement === 'confirmed' || fate.settlement === 'asked') {
      throw new BrokenPromise(`${queue} shows ${key}, which was settled`);
    }
    if (fate.lost) throw new BrokenPromise(`${queue} shows ${key}, which is not durable`);
    if (fate.notBefore > nowMs) throw new BrokenPromise(`${queue} shows ${key} too early`);
    if (fate.durable && !fate.confirmed && !fate.uncertain) {
      throw new BrokenPromise(`${queue} shows ${key} before it is durable`);
    }
    return fate.notBefore === 0;
  }

  /** What certainly rests in the queue now, held by somebody or not. */
  visible(queue: string): string[] {
    return [...this.#of(queue)].filter(([, fate]) => isThere(fate)).map(([key]) => key);
  }

  /** A consumer that takes everything that matches was told that there is no more. */
  drained(queue: string, matches: (producer: number, number: number) => boolean): void {
    for (const [key, fate] of this.#of(queue)) {
      if (!isThere(fate) || fate.held || !matches(fate.producer, fate.number)) continue;
      throw new BrokenPromise(`${queue} says it is drained, and has ${key}`);
    }
  }

  /** The process is gone, with everything that was only in memory. */
  crashed(): void {
    this.#order.clear();
    for (const fates of this.#queues.values()) {
      for (const fate of fates.values()) {
        fate.held = false;
        if (!fate.durable) fate.lost = true;
        if (!fate.confirmed) fate.uncertain = true;
        if (fate.settlement === 'asked') fate.settlement = 'uncertain';
      }
    }
  }

  /** After everything was delivered and settled: what should have been seen, was. */
  checkDrained(deadLetters: ReadonlySet<string>): void {
    for (const [queue, fates] of this.#queues) {
      for (const [key, fate] of fates) {
        if (fate.lost || fate.uncertain) continue;
        const settled = fate.settlement === 'confirmed' || fate.settlement === 'uncertain';
        if (!settled) throw new BrokenPromise(`${queue} lost ${key}`);
        if (fate.buried && fate.settlement === 'confirmed' && !deadLetters.has(key)) {
          throw new BrokenPromise(`${queue} buried ${key}, which is not among the dead letters`);
        }
      }
    }
  }

  /** Of what was committed together, all happened or nothing. */
  checkGroups(): void {
    for (const { published, settled } of this.#groups) {
      const durable = published.filter((fate) => fate.durable);
      const happened = durable.filter((fate) => fate.deliveries > 0).length;
      const undone = settled.some(({ fate, deliveries }) => fate.deliveries > deliveries);
      if (happened === 0 || (happened === durable.length && !undone)) continue;
      throw new BrokenPromise(
        `${happened} of ${durable.length} messages of a transaction came; undone: ${undone}`,
      );
    }
  }

  #checkOrder(turn: string, fate: Fate): void {
    const place = `${turn}/${fate.producer}`;
    const last = this.#order.get(place) ?? -1;
    if (fate.number < last) {
      throw new BrokenPromise(
        `${turn} delivers ${fate.producer}:${fate.number} after ${fate.producer}:${last}`,
      );
    }
    this.#order.set(place, fate.number);
  }

  #of(queue: string): Map<string, Fate> {
    let fates = this.#queues.get(queue);
    if (fates === undefined) {
      fates = new Map();
      this.#queues.set(queue, fates);
    }
    return fates;
  }
}

function isThere(fate: Fate): boolean {
  return fate.confirmed && !fate.lost && fate.settlement === 'none' && fate.notBefore === 0;
}

import { Journal, type JournalOptions } from '@causeway/journal';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.js';
import { openSession } from '../support/test-session.js';
import { ReplicatedBroker } from './replicated-broker.js';
import { SimulatedLog } from './simulated-log.js';

const SEEDS = 60;
const STEPS = 30;
const LEADERS = 3;

type CreateStore = (options: JournalOptions) => Journal;

/** Forgets what may have been handed to consumers. */
class FlaglessJournal extends Journal {
  override dispatched(): void {}
}

/** Keeps to itself which messages of a client it has taken: not in the commit that has them. */
class ForgetfulJournal extends Journal {
  override putSlot(): void {}
}

/**
 * Leaders that die one after the other, with a producer that sends again what was not confirmed,
 * once and under the same packet identifier as in MQTT at QoS 2, and a consumer that settles some.
 */
class Takeovers {
  readonly #random: SeededRandom;
  readonly #log = new SimulatedLog();
  readonly #createStore: CreateStore;
  /** What was given to a consumer of any leader. */
  readonly #delivered = new Set<string>();
  /** What is settled, as the settling was confirmed. */
  readonly #settled = new Set<string>();
  readonly #confirmed = new Set<string>();
  #unconfirmed: { readonly text: string; readonly packetId: number }[] = [];
  #sent = 0;

  constructor(seed: number, createStore: CreateStore) {
    this.#random = new SeededRandom(seed);
    this.#createStore = createStore;
  }

  async run(): Promise<void> {
    for (let leader = 1; leader <= LEADERS; leader++) {
      const last = leader === LEADERS;
      const node = new ReplicatedBroker(this.#log, `node-${leader}`, {
        seed: leader,
        autoCommit: false,
        createStore: this.#createStore,
      });
      node.autoCommit = true;
      await node.lead();
      node.autoCommit = last;
      this.#work(node, last);
      if (!last) node.die(this.#random.chance(0.5));
    }
    for (const text of this.#confirmed) {
      expect(this.#delivered.has(text), `${text} was confirmed and is delivered`).toBe(true);
    }
  }

  #work(node: ReplicatedBroker, last: boolean): void {
    const { broker } = node;
    const { session } = openSession(node, { name: 'producer' });
    const here = new Set<string>();
    const consumer = node.consume('q', {
      onDelivery: ({ text, redelivered }) => {
        expect(this.#settled.has(text), `${text} is settled and does not come back`).toBe(false);
        expect(here.has(text), `${text} is there once`).toBe(false);
        const again = this.#delivered.has(text);
        expect(redelivered || !again, `${text} comes again and is flagged`).toBe(true);
        here.add(text);
        this.#delivered.add(text);
      },
    });
    const send = (text: string, packetId: number): void => {
      if (!session.slots.has(packetId)) {
        node.publish('queue://q', text);
        broker.putSlot(session, packetId, Buffer.of(1));
      }
      const asked = node.confirm();
      confirms.push(() => asked.done && this.#confirmed.add(text) !== null);
    };
    let confirms: (() => boolean)[] = [];
    for (const { text, packetId } of this.#unconfirmed) send(text, packetId);
    const steps = last ? 1 : STEPS;
    for (let step = 0; step < steps; step++) {
      const chance = this.#random.next();
      if (chance < 0.5) {
        const packetId = ++this.#sent;
        const text = `m${packetId}`;
        this.#unconfirmed.push({ text, packetId });
        send(text, packetId);
      } else if (chance < 0.7) {
        const index = consumer.deliveries.findIndex(
          ({ entry, text }) => entry?.consumer === consumer.consumer && !this.#settled.has(text),
        );
        if (index >= 0) {
          const { text } = consumer.deliveries[index]!;
          consumer.settle('accepted', undefined, index);
          const asked = node.confirm();
          confirms.push(() => asked.done && this.#settled.add(text) !== null);
        }
      } else node.completeCommit();
      node.run();
      confirms = confirms.filter((isDone) => !isDone());
      this.#unconfirmed = this.#unconfirmed.filter(({ text }) => !this.#confirmed.has(text));
    }
  }
}

/** What is wrong in the first seed of some that is found out; null for nothing. */
async function firstFinding(createStore: CreateStore): Promise<string | null> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await new Takeovers(seed, createStore).run();
    } catch (error) {
      return `seed ${seed}: ${(error as Error).message}`;
    }
  }
  return null;
}

test('whenever leaders die, messages come back flagged, and nothing twice or never', async () => {
  expect(await firstFinding((options) => new Journal(options))).toBeNull();
});

describe('a defect is found in a broker', () => {
  test('that forgets what it has handed out', async () => {
    const found = await firstFinding((options) => new FlaglessJournal(options));
    expect(found).toMatch(/comes again and is flagged/);
  });

  test('that does not commit what it has taken with its messages', async () => {
    const found = await firstFinding((options) => new ForgetfulJournal(options));
    expect(found).toMatch(/is settled and does not come back|is there once/);
  });
});

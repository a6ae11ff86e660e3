import type { TestBroker } from '../support/test-broker.js';

/** Selects every tenth of the messages that `publishMany` publishes. */
export const RED = "color = 'red'";

export const isRed = (number: number) => number % 10 === 9;

/** Publishes `count` messages, every tenth of them red, numbered from `from` on. */
export function publishMany(world: TestBroker, count: number, from = 0): void {
  for (let number = from; number < from + count; number++) {
    world.publish('queue://q', textOf(number));
  }
  world.run();
}

/** The numbers below `count` that `wanted` picks, as texts of messages. */
export function texts(count: number, wanted: (number: number) => boolean): string[] {
  const all = Array.from({ length: count }, (_, number) => number);
  return all.filter(wanted).map(textOf);
}

function textOf(number: number): string {
  return `n=${number} color=${isRed(number) ? 'red' : 'blue'}`;
}

import { describe, expect, test } from 'vitest';
import { AddressBook } from './address.js';
import type { Message } from './message.js';
import type { Queue } from './queue.js';
import { Router, Target } from './router.js';
import type { Selector } from './selector/selector.js';
import { Binding, type BindingOptions } from './subscription.js';

const addresses = new AddressBook();
let nextId = 1;

const createQueue = () => ({ id: nextId++ }) as Queue;

function bind(router: Router, queue: Queue, filter: string, options: Partial<BindingOptions> = {}) {
  const all = { noLocal: false, durable: true, data: {}, ...options };
  const binding = new Binding(nextId++, filter, queue, all);
  router.add(binding);
  return binding;
}

describe('Router', () => {
  test('leads to each queue once, with all its filters that match', () => {
    const router = new Router();
    const [left, right] = [createQueue(), createQueue()];
    const bindings = [
      bind(router, left, 'a.*'),
      bind(router, left, '>'),
      bind(router, right, 'a.b'),
    ];
    bind(router, right, 'x');
    const { targets } = router.route(addresses.topic('a.b'));
    expect(targets.map(({ queue }) => queue).sort((one, two) => one.id - two.id)).toEqual([
      left,
      right,
    ]);
    const found = targets.flatMap((target) => target.bindings);
    expect(new Set(found)).toEqual(new Set(bindings));
  });

  test('computes a route once as long as nothing changes', () => {
    const router = new Router();
    const topic = addresses.topic('once');
    const binding = bind(router, createQueue(), 'once');
    const route = router.route(topic);
    expect(router.route(topic)).toBe(route);
    router.changed();
    expect(router.route(topic)).not.toBe(route);
    router.remove(binding);
    expect(router.route(topic).targets).toEqual([]);
    bind(router, createQueue(), 'once');
    expect(router.route(topic).targets.length).toBe(1);
  });

  test('remembers a bounded number of routes and targets', () => {
    const router = new Router();
    for (let count = 0; count < 50; count++) bind(router, createQueue(), '>');
    const book = new AddressBook();
    const topics = Array.from({ length: 20_000 }, (_, index) => book.topic(`t${index}`));
    let held = 0;
    for (const topic of topics) expect(router.route(topic).targets.length).toBe(50);
    for (const { route } of topics) if (route !== undefined) held += 51;
    expect(held).toBeLessThanOrEqual(200_000);
    expect(held).toBeGreaterThan(0);
    router.changed();
    for (let round = 0; round < 10_000; round++) router.route(topics[0]!);
    const last = topics.at(-1)!;
    expect(router.route(last)).toBe(last.route);
    expect(router.route(topics[0]!)).toBe(topics[0]!.route);
  });

  test('knows how a topic reaches one queue', () => {
    const router = new Router();
    const queue = createQueue();
    bind(router, queue, 'a');
    const route = router.route(addresses.topic('a'));
    expect(route.targetOf(queue)).toBe(route.targets[0]);
    expect(route.targetOf(createQueue())).toBeNull();
  });
});

describe('Route', () => {
  const message = { priority: 5 } as Message;
  const selector = (priority: number): Selector => ({
    text: `JMSPriority = ${priority}`,
    matches: (each) => each.priority === priority,
  });

  test('leads to the targets of which a binding takes the message', () => {
    const router = new Router();
    const [all, one, none, either] = [1, 2, 3, 4].map(createQueue) as [Queue, Queue, Queue, Queue];
    bind(router, all, 'a');
    bind(router, all, '>').selector = selector(1);
    bind(router, one, 'a').selector = selector(5);
    bind(router, none, 'a').selector = selector(1);
    bind(router, either, 'a').selector = selector(1);
    bind(router, either, '>').selector = selector(5);
    const route = router.route(addresses.topic('a'));
    const queues = route.targetsFor(message).map(({ queue }) => queue);
    expect(new Set(queues)).toEqual(new Set([all, one, either]));
    expect(route.targets).toHaveLength(4);
  });

  test('without selectors leads to all its targets as they are', () => {
    const router = new Router();
    bind(router, createQueue(), 'a');
    const route = router.route(addresses.topic('a'));
    expect(route.targetsFor(message)).toBe(route.targets);
  });
});

describe('Target', () => {
  const target = (...options: Partial<BindingOptions>[]) => {
    const queue = createQueue();
    return new Target(
      queue,
      options.map((each) => bind(new Router(), queue, 'a', each)),
    );
  };

  test('stores when any of its filters does', () => {
    expect(target({ durable: false }, { durable: true }).durable).toBe(true);
    expect(target({ durable: false }, { durable: false }).durable).toBe(false);
  });

  test('excludes its owner only when all of its filters do', () => {
    expect(target({ noLocal: true }, { noLocal: false }).noLocal).toBe(false);
    expect(target({ noLocal: true }, { noLocal: true }).noLocal).toBe(true);
  });
});

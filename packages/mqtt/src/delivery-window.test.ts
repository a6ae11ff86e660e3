import { Consumer, type ConsumerSink, type Queue } from '@causeway/core';
import { expect, test } from 'vitest';
import { DeliveryWindow } from './delivery-window.js';

function consumer(): Consumer {
  const queue = { wake() {} } as Queue;
  return new Consumer(1, queue, { sink: {} as ConsumerSink, credit: 10 });
}

function create(size: number): [DeliveryWindow, Consumer, Consumer] {
  const window = new DeliveryWindow(size);
  const consumers = [consumer(), consumer()] as const;
  for (const each of consumers) window.add(each);
  return [window, ...consumers];
}

test('[MQTT-3.3.4-9] all consumers share one quota', () => {
  const [window, first, second] = create(2);
  window.enter();
  expect(first.paused).toBe(false);
  window.enter();
  expect([first.paused, second.paused]).toEqual([true, true]);
  window.leave();
  expect([first.paused, second.paused]).toEqual([false, false]);
});

test('every reason to pause has to end', () => {
  const [window, first] = create(1);
  window.enter();
  window.congested = true;
  window.blocked = true;
  window.held = true;
  window.leave();
  expect(first.paused).toBe(true);
  window.congested = false;
  expect(first.paused).toBe(true);
  window.blocked = false;
  expect(first.paused).toBe(true);
  window.held = false;
  expect(first.paused).toBe(false);
});

test('a consumer that is added later is paused like the others', () => {
  const [window] = create(1);
  window.enter();
  const late = consumer();
  window.add(late);
  expect(late.paused).toBe(true);
  window.leave();
  expect(late.paused).toBe(false);
});

test('a retired consumer stays paused, and known until it is removed', () => {
  const [window, first, second] = create(1);
  window.retire(first);
  window.enter();
  window.leave();
  expect(first.paused).toBe(true);
  expect(window.consumers).toEqual([second, first]);
  window.remove(first);
  expect(window.consumers).toEqual([second]);
});

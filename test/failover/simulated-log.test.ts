import type { AppendResult } from '@causeway/failover';
import { beforeEach, expect, test } from 'vitest';
import { CollectingReader } from './collecting-reader.js';
import type { SimulatedClient } from './simulated-client.js';
import { SimulatedLog } from './simulated-log.js';

let log: SimulatedLog;
let client: SimulatedClient;
let results: AppendResult['outcome'][];

beforeEach(() => {
  log = new SimulatedLog();
  client = log.connect(false);
  results = [];
});

function append(expectedTail: number, text = `record ${expectedTail + 1}`): void {
  client.append(expectedTail, Buffer.from(text), ({ outcome }) => results.push(outcome));
}

test('request and answer arrive when the test says so', () => {
  append(0);
  const [request] = client.appends;
  expect([log.tail, results]).toEqual([0, []]);
  request!.arrive();
  expect([log.tail, log.vouched, results]).toEqual([1, 0, []]);
  request!.answer();
  request!.answer();
  expect([log.vouched, results]).toEqual([1, ['ok']]);
  client.tidy();
  expect(client.appends).toEqual([]);
});

test('unknown may mean applied, lost, or still to come', () => {
  append(0);
  append(1);
  append(2);
  const [applied, lost, late] = client.appends;
  applied!.arrive();
  lost!.drop();
  for (const each of client.appends) each.giveUp();
  expect(results).toEqual(['unknown', 'unknown', 'unknown']);
  expect(log.tail).toBe(1);
  client.tidy();
  expect(client.appends).toEqual([late]);
  log.append(1, Buffer.from('of another'));
  late!.arrive();
  expect(log.tail).toBe(3);
});

test('what no ok vouches for may vanish, and its writer gets no ok', async () => {
  append(0);
  append(1);
  append(2);
  for (const each of client.appends) each.arrive();
  client.appends[0]!.answer();
  const reader = new CollectingReader(log.connect(), 1);
  await reader.take(3);
  log.vanish();
  expect(log.tail).toBe(1);
  expect(await reader.end()).toBeInstanceOf(Error);
  for (const each of client.appends) each.answer();
  expect(results).toEqual(['ok', 'unknown', 'unknown']);
});

test('a later ok vouches for all below', () => {
  append(0);
  append(1);
  for (const each of client.appends) each.arrive();
  client.appends[1]!.answer();
  log.vanish();
  expect(log.tail).toBe(2);
});

test('a log that was rewound, and one that was altered', async () => {
  for (const tail of [0, 1, 2]) log.append(tail, Buffer.from(`record ${tail + 1}`));
  log.vouch(3);
  log.replace(2, Buffer.from('altered'));
  log.rewind(2);
  expect([log.tail, log.vouched, log.record(3)]).toEqual([2, 2, null]);
  expect((await new CollectingReader(log.connect(), 2).take(1))[0]!.bytes.toString()).toBe(
    'altered',
  );
});

test('a node that has crashed is told nothing, but its request may arrive', async () => {
  append(0);
  const [request] = client.appends;
  const reader = new CollectingReader(client, 1);
  client.crash();
  request!.arrive();
  request!.answer();
  request!.giveUp();
  expect([log.tail, results, reader.records, reader.cause]).toEqual([1, [], [], null]);
});

test('calls wait for their answer', async () => {
  const [tail, trim] = [client.tail(), client.trim(1)];
  log.append(0, Buffer.from('x'));
  client.calls[0]!.answer();
  client.calls[1]!.fail();
  expect(await tail).toBe(1);
  await expect(trim).rejects.toThrow('no answer');
  expect(log.first).toBe(1);
});

test('a reader gets a record each time', () => {
  const reader = new CollectingReader(client, 1);
  log.append(0, Buffer.from('one'));
  log.append(1, Buffer.from('two'));
  const [reading] = client.readings;
  reading!.deliver();
  expect(reader.texts).toEqual(['one']);
  reading!.pause();
  expect(reading!.ready).toBe(false);
  reading!.resume();
  reading!.deliver();
  expect([reader.texts, reading!.ready]).toEqual([['one', 'two'], false]);
});

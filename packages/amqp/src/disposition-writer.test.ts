import { expect, test } from 'vitest';
import { encodeState } from './codec/encode-state.js';
import { DispositionWriter } from './disposition-writer.js';
import { FakeClient } from './testing/fake-client.js';

const RELEASED = encodeState({ kind: 'released' });

function setUp() {
  const client = new FakeClient();
  return { client, writer: new DispositionWriter(client.real, 7) };
}

/** What was said: role, first, last, settled and state of each. */
function said(client: FakeClient) {
  return client.take().map((frame) => {
    if (frame.kind !== 'disposition') throw new Error(frame.kind);
    expect(frame.channel).toBe(7);
    const { role, first, last, settled, state } = frame.disposition;
    return [role, first, last, settled, state?.kind];
  });
}

test('acceptances that follow each other share a frame', () => {
  const { client, writer } = setUp();
  for (const id of [4, 5, 6]) writer.accept(true, id);
  expect(said(client)).toEqual([[true, 4, 6, true, 'accepted']]);
});

test('a run goes on around 2^32', () => {
  const { client, writer } = setUp();
  for (const id of [0xffff_fffe, 0xffff_ffff, 0, 1]) writer.accept(true, id);
  expect(said(client)).toEqual([[true, 0xffff_fffe, 1, true, 'accepted']]);
});

test('a gap, a step back and the same again begin another run', () => {
  const { client, writer } = setUp();
  for (const id of [1, 3, 2, 2]) writer.accept(true, id);
  expect(said(client).map(([, first, last]) => [first, last])).toEqual([
    [1, 1],
    [3, 3],
    [2, 2],
    [2, 2],
  ]);
});

test('the roles have runs of their own', () => {
  const { client, writer } = setUp();
  writer.accept(true, 1);
  writer.accept(false, 2);
  writer.accept(false, 3);
  expect(said(client)).toEqual([
    [true, 1, 1, true, 'accepted'],
    [false, 2, 3, true, 'accepted'],
  ]);
});

test('what was written in between ends the run, whoever wrote it', () => {
  const { client, writer } = setUp();
  writer.accept(true, 1);
  writer.write(true, 9, true, RELEASED);
  writer.accept(true, 2);
  const other = new DispositionWriter(client.real, 7);
  other.accept(true, 50);
  writer.accept(true, 3);
  expect(said(client).map(([, first, last]) => [first, last])).toEqual([
    [1, 1],
    [9, 9],
    [2, 2],
    [50, 50],
    [3, 3],
  ]);
});

test('what has left is not changed any more', () => {
  const { client, writer } = setUp();
  writer.accept(true, 1);
  expect(said(client)).toEqual([[true, 1, 1, true, 'accepted']]);
  writer.accept(true, 2);
  expect(said(client)).toEqual([[true, 2, 2, true, 'accepted']]);
});

test('other states go one by one, settled or not', () => {
  const { client, writer } = setUp();
  writer.write(false, 1, false, RELEASED);
  writer.write(false, 2, true, RELEASED);
  expect(said(client)).toEqual([
    [false, 1, 1, false, 'released'],
    [false, 2, 2, true, 'released'],
  ]);
});

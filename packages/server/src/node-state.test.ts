import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJsonLog } from './broker-log.js';
import { NodeState, refuseNode, refuseSingleBroker } from './node-state.js';

let folder: string;
let state: NodeState;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-state-'));
  state = newState();
});

afterEach(async () => {
  await state.close();
  rmSync(folder, { recursive: true });
});

function newState(): NodeState {
  return new NodeState(folder, createJsonLog('error', { write() {} }));
}

const putAside = () => readdirSync(folder).filter((name) => name.startsWith('state.damaged-'));

test('remembers which log it belongs to', () => {
  expect(state.clusterId).toBeNull();
  state.clusterId = 'one';
  expect(newState().clusterId).toBe('one');
});

test('a state that is damaged is put aside, and an empty one takes its place', async () => {
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'state', '000005.ldb'), 'a table without its CURRENT');
  await state.open();
  expect(state.current.position.sequence).toBe(0);
  expect(readdirSync(join(folder, putAside()[0]!))).toContain('000005.ldb');
});

test('a state that was condemned is put aside once', async () => {
  await state.open();
  state.condemn('the delta of commit 26 is missing');
  await state.close();
  await state.open();
  await state.close();
  await state.open();
  expect(putAside()).toHaveLength(1);
});

test('folders of nodes and of brokers that stand alone are told apart', async () => {
  refuseSingleBroker(folder);
  refuseNode(folder);
  await state.open();
  expect(() => refuseNode(folder)).toThrow(/belongs to a node/);
  writeFileSync(join(folder, 'CURRENT'), '');
  expect(() => refuseSingleBroker(folder)).toThrow(/stands alone/);
});

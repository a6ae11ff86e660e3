import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { CLIENTS, makeConversation, type Step } from './conversation.js';
import { ConversationRun, type StepRecord } from './conversation-run.js';
import { CONVERSATIONS_LEFT_OUT } from './known-differences.js';

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1).filter(
  (seed) => !CONVERSATIONS_LEFT_OUT.includes(seed),
);
const STEPS = 60;

let ours: TestServer;
let aedes: Aedes;
let listener: Server;

beforeEach(async () => {
  ours = await startTestServer();
  aedes = await Aedes.createBroker();
  listener = createServer({ noDelay: true }, aedes.handle).listen(0, '127.0.0.1');
  await once(listener, 'listening');
});

afterEach(async () => {
  await new Promise<void>((resolve) => aedes.close(() => resolve()));
  listener.close();
  await ours.close();
});

test.each(SEEDS)('conversation %i is the same with Causeway and with aedes', async (seed) => {
  const us = await ConversationRun.open(`mqtt://127.0.0.1:${ours.mqttPort}`);
  const { port } = listener.address() as AddressInfo;
  const them = await ConversationRun.open(`mqtt://127.0.0.1:${port}`);
  const steps = makeConversation(seed, STEPS);
  for (const [index, step] of steps.entries()) {
    const mine = await us.play(step, null);
    const theirs = await them.play(step, mine);
    const left = comparable(mine, step);
    const right = comparable(theirs, step);
    expect(left, `step ${index}: ${JSON.stringify(step)}`).toEqual(right);
  }
  await us.close();
  await them.close();
});

/** What must be the same; what is left out is in known-differences.ts. */
function comparable(record: StepRecord, step: Step): string[][] {
  return CLIENTS.map((name) => {
    const lines = record[name].map(({ topic, payload, retain }) => `${topic} ${payload} ${retain}`);
    // The order of what several topics had kept is free.
    return step.verb === 'subscribe' ? lines.sort() : lines;
  });
}

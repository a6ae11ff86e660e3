import { BrokerError } from '@causeway/core';
import { afterAll, beforeAll, expect } from 'vitest';
import { encodeDocument, encodeFrame } from '../../packages/failover/src/region/frame.js';
import { FrameDecoder } from '../../packages/failover/src/region/frame-decoder.js';
import { FRAME } from '../../packages/failover/src/region/frame-type.js';
import { RawRegionSocket } from '../failover/raw-region-socket.js';
import { CLUSTER, RegionFixture } from '../failover/region-fixture.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { fuzz } from './support/fuzz.js';
import { cut, mutate } from './support/mutate.js';

const BYTES_MAX = 4096;
const TYPES = Object.values(FRAME);

let fixture: RegionFixture;
beforeAll(async () => {
  fixture = new RegionFixture();
  await fixture.start();
});
afterAll(() => fixture.dispose());

/** What a decoder finds, as text; chunks are overwritten afterwards unless frames are views. */
function decode(chunks: readonly Buffer[]): string[] {
  const found: string[] = [];
  const decoder = new FrameDecoder(BYTES_MAX, (type, request, payload) => {
    found.push(`${type} ${request} ${payload.toString('hex')}`);
  });
  try {
    for (const chunk of chunks) decoder.push(Buffer.from(chunk));
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    found.push(error.code);
  }
  return found;
}

function frame(random: SeededRandom): Buffer {
  const body = random.bytes(random.pick([0, 0, 1, 6, 12, 300]));
  const numbers = random.pick([[], [0], [1], [1, 1000], [2 ** 48 - 1, 5]]);
  const head = encodeFrame(random.pick(TYPES), random.below(6), numbers, body.length);
  return Buffer.concat([head, body]);
}

/** A proper node can append; what a peer before had under way may come first. */
async function expectHealthy(): Promise<void> {
  const canary = fixture.connect({ node: { name: 'canary', instance: 'one' } });
  let outcome: string;
  do {
    const tail = await canary.tail();
    outcome = await new Promise<string>((resolve) => {
      canary.append(tail, Buffer.from('canary'), (result) => resolve(result.outcome));
    });
  } while (outcome === 'fenced');
  expect(outcome).toBe('ok');
  await canary.close();
}

fuzz('frames of the region, cut anywhere', 400, (random) => {
  const frames = Array.from({ length: random.between(1, 12) }, () => frame(random));
  const changed = Buffer.concat(mutate(frames, random, random.chance(0.5) ? random.below(4) : 0));
  const whole = decode([changed]);
  expect(decode(cut(changed, random))).toEqual(whole);
  expect(decode(Array.from(changed, (byte) => Buffer.of(byte)))).toEqual(whole);
});

fuzz(
  'a region among peers that are not quite nodes',
  40,
  async (random) => {
    const hello = { cluster: CLUSTER, name: random.pick(['x', 'y']), instance: 'fuzz' };
    const messages = [encodeDocument(FRAME.hello, 0, hello)];
    while (messages.length < 20) messages.push(frame(random));
    const socket = await RawRegionSocket.open(fixture.region.port);
    socket.socket.resume();
    for (const chunk of cut(Buffer.concat(mutate(messages, random, random.below(3))), random)) {
      socket.send(chunk);
    }
    socket.socket.end();
    await socket.closed();
    await expectHealthy();
  },
  0.1,
);

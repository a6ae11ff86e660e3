import { decodeRecord, hashRecord } from '@causeway/failover';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FLAWED_SEAMS } from './flawed-seams.js';
import { SimulatedLog } from './simulated-log.js';
import { SimulatedWorld, type WorldOptions } from './simulated-world.js';

const SEEDS_MAX = 400;
const SOUND_SEEDS = 150;
const STEPS = 200;

/** Defects inside of modules: these are replaced for this file alone. */
const planted = vi.hoisted(() => ({ ignoresLastConfirmed: false, skipsHashes: false }));

interface ApplierLike {
  push(record: { readonly sequence: number }): void;
  confirm(sequence: number): void;
}

vi.mock('../../packages/failover/src/applier.js', async (original) => {
  const { Applier } = await original<{ Applier: new (options: unknown) => ApplierLike }>();
  return {
    Applier: class extends Applier {
      override push(record: { readonly sequence: number }): void {
        super.push(record);
        if (planted.ignoresLastConfirmed) this.confirm(record.sequence);
      }
    },
  };
});

interface ChainLike {
  sequence: number;
  hash: Buffer;
  follow(sequence: number, bytes: Buffer): unknown;
}

vi.mock('../../packages/failover/src/record-chain.js', async (original) => {
  const { RecordChain } = await original<{ RecordChain: new (position: unknown) => ChainLike }>();
  return {
    RecordChain: class extends RecordChain {
      override follow(sequence: number, bytes: Buffer): unknown {
        if (planted.skipsHashes) {
          const known = sequence === this.sequence;
          this.hash = known ? hashRecord(bytes) : decodeRecord(bytes).previousHash;
        }
        return super.follow(sequence, bytes);
      }
    },
  };
});

/** A log that appends whatever comes, behind whatever is there. */
class UnconditionalLog extends SimulatedLog {
  override append(_expectedTail: number, record: Buffer): boolean {
    return super.append(this.tail, record);
  }
}

afterEach(() => {
  planted.ignoresLastConfirmed = false;
  planted.skipsHashes = false;
});

/** What the simulation says of a seed; null for nothing. */
async function verdict(seed: number, options: Partial<WorldOptions>): Promise<string | null> {
  const world = new SimulatedWorld(seed, options);
  try {
    for (let step = 0; step < STEPS; step++) await world.step();
    await world.heal();
    world.checkEnd();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

async function expectFound(options: Partial<WorldOptions>, invariant: RegExp): Promise<void> {
  const others = new Set<string>();
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const said = await verdict(seed, options);
    if (said !== null && invariant.test(said)) return;
    if (said !== null) others.add(said.split(':')[0]!);
  }
  expect.fail(`not found in ${SEEDS_MAX} seeds; found: ${[...others].join('; ')}`);
}

describe('a defect turns the simulation red', () => {
  test.each([
    ['confirms before the log has answered', /was confirmed and is there/],
    ['serves without a lease', /at a time, one serves/],
    ['stands behind a fresh tail', /at a time, one serves/],
    ['takes the time of its lease from the wall clock', /at a time, one serves/],
  ] as const)('a node that %s', async (flaw, invariant) => {
    await expectFound({ seams: FLAWED_SEAMS[flaw] }, invariant);
  });

  test('a log that appends without a condition', async () => {
    await expectFound(
      { log: () => new UnconditionalLog() },
      /records are of the epoch that is open|epochs grow by one/,
    );
  });

  test('a log that forgets what one node alone has applied', async () => {
    const applied: WorldOptions['forgettable'] = (nodes) =>
      Math.max(...nodes.map(({ state }) => state.position.sequence));
    await expectFound({ forgettable: applied }, /what node-. lacks is forgotten/);
  });

  test('a node that applies what it has received, confirmed or not', async () => {
    planted.ignoresLastConfirmed = true;
    await expectFound({}, /applies what is durable/);
  });

  test('a node that does not look at the hashes', async () => {
    planted.skipsHashes = true;
    await expectFound({ tampering: true }, /those that are fit agree/);
  });
});

test('nodes of a log that was tampered with fail rather than disagree', async () => {
  for (let seed = 1; seed <= SOUND_SEEDS; seed++) {
    expect(await verdict(seed, { tampering: true }), `seed ${seed}`).toBeNull();
  }
});

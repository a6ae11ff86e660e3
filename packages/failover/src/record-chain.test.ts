import { NO_POSITION } from '@causeway/journal';
import { describe, expect, test } from 'vitest';
import { encodeRecord, hashRecord, NO_HASH, type RecordKind } from './log-record.js';
import { RecordChain } from './record-chain.js';

function record(kind: RecordKind, epoch: number, previousHash: Buffer, body = '', wallMs = 0) {
  const header = { kind, epoch, batchId: 1n, lastConfirmed: 0, wallMs, previousHash };
  return encodeRecord(header, Buffer.from(body));
}

const open = record('open', 1, NO_HASH, 'a leader', 20);
const batch = record('batch', 1, hashRecord(open), 'changes', 10);
const corrupt = expect.objectContaining({ code: 'storage-corrupt' });

function opened(): RecordChain {
  const chain = new RecordChain(NO_POSITION);
  chain.follow(1, open);
  return chain;
}

describe('a chain of records', () => {
  test('takes in what follows, and knows its end', () => {
    const chain = opened();
    expect(chain.follow(2, batch)).toMatchObject({ sequence: 2, hash: hashRecord(batch) });
    expect(chain).toMatchObject({ sequence: 2, epoch: 1, hash: hashRecord(batch) });
    expect(chain.leader.toString()).toBe('a leader');
    expect(chain.wallMs).toBe(20);
  });

  test('takes the newest one once more, if it is the same', () => {
    const chain = opened();
    expect(chain.follow(1, open)).toBeNull();
    expect(() => chain.follow(1, batch)).toThrow(corrupt);
  });

  test('refuses gaps, other pasts and other epochs, and stays as it is', () => {
    const chain = opened();
    const refused: [number, Buffer][] = [
      [3, batch],
      [2, record('batch', 1, NO_HASH)],
      [2, record('batch', 2, hashRecord(open))],
      [2, record('open', 1, hashRecord(open))],
      [2, record('open', 3, hashRecord(open))],
    ];
    for (const [sequence, bytes] of refused) {
      expect(() => chain.follow(sequence, bytes)).toThrow(corrupt);
      expect(chain).toMatchObject({ sequence: 1, epoch: 1, hash: hashRecord(open) });
    }
  });

  test('knows the farewell of a leader until something follows it', () => {
    const chain = opened();
    const close = record('close', 1, hashRecord(open), 'bye');
    chain.follow(2, close);
    expect(chain.farewell?.toString()).toBe('bye');
    chain.follow(3, record('open', 2, hashRecord(close), 'another'));
    expect(chain.farewell).toBeNull();
    expect(chain.leader.toString()).toBe('another');
  });
});

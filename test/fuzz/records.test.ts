import { AddressBook, FORMAT_IDS } from '@causeway/core';
import { ByteReader, ByteWriter, WireError } from '@causeway/wire';
import { expect } from 'vitest';
import * as facts from '../../packages/journal/src/fact-records.js';
import { MessageDecoder } from '../../packages/journal/src/message-codec.js';
import {
  decodeBody,
  decodeEntry,
  MessageRecords,
} from '../../packages/journal/src/message-records.js';
import { decompressSnappy } from '../../packages/journal/src/snappy.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { createMessage } from '../support/test-message.js';
import { fuzz } from './support/fuzz.js';
import { mutate } from './support/mutate.js';

/** What decompressing may cost, whatever the bytes claim. */
const BLOCK_BYTES_MAX = 10_000;

const messages = new MessageDecoder(new AddressBook());
const DECODERS: readonly ((value: Buffer) => unknown)[] = [
  (value) => decodeEntry(value, messages),
  (value) => decodeBody(value, messages),
  (value) => messages.read(value, 0),
  facts.readDelta,
  facts.readQueueCheckpoint,
  facts.readSessionCheckpoint,
  (value) => decompressSnappy(new ByteReader(value), BLOCK_BYTES_MAX),
];

const SAMPLES = samples();

function samples(): Buffer[] {
  const records = new MessageRecords(7);
  const message = createMessage(new AddressBook(), 'topic://a.b', 'hello');
  message.annotations = new Map([['reason', 'why not']]);
  message.amendments = Buffer.from('added');
  const state = {
    watermark: 500,
    dispatchedBelow: 700,
    settledRanges: [510, 520, 600, 600],
    deliveryCounts: [530, 2],
  };
  const values = [
    records.entry(message, true),
    records.reference(2 ** 40, false),
    records.body(message, [1, 5, 2, 6]),
    records.retained(message),
    write((writer) => facts.writeQueueCheckpoint(writer, 800, state)),
    write((writer) => facts.writeSessionCheckpoint(writer, new Map([[1, Buffer.from('slot')]]))),
    Buffer.from([20, 0x10, ...Buffer.from('hello'), 0x3a, 5, 0]),
  ];
  expect(message.format).toBe(FORMAT_IDS.stomp);
  return values.map((value) => Buffer.from(value));
}

function write(fill: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter();
  fill(writer);
  return writer.take();
}

/** As if the checksum had happened to fit: only `WireError` tells that it is no record. */
fuzz('damaged records are refused, never a crash', 10_000, (random) => {
  const value = random.chance(0.2) ? random.bytes(random.below(60)) : damaged(random);
  for (const decode of DECODERS) {
    try {
      decode(Buffer.from(value));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }
});

function damaged(random: SeededRandom): Buffer {
  return Buffer.concat(mutate([random.pick(SAMPLES)], random, random.between(1, 4)));
}

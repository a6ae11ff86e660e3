import type { QueueState } from '@causeway/core';
import { ByteReader, type ByteWriter, WireError } from '@causeway/wire';
import type { QueueChanges, SessionChanges } from './changes.js';
import { CHECKSUM_BYTES } from './checksum.js';
import { readNumber, writeNumber } from './integers.js';
import { readRanges, writeRanges } from './ranges.js';
import { RECORD } from './record-kinds.js';

/** What every commit says of the whole store. */
export interface DeltaHeader {
  /** The oldest commit whose delta is still needed; older ones may be deleted. */
  readonly oldest: number;
  /** Fingerprint of the other records that recovery needs. */
  readonly inventory: number;
}

export interface QueueDelta {
  readonly id: number;
  /** 0 for no change; the same holds for `dispatchedBelow`. */
  readonly tail: number;
  readonly dispatchedBelow: number;
  readonly settled: readonly number[];
  /** Flat [sequence, count] pairs. */
  readonly deliveryCounts: readonly number[];
}

export interface SessionDelta {
  readonly id: number;
  readonly slots: ReadonlyMap<number, Buffer | null>;
}

export interface Delta extends DeltaHeader {
  readonly queues: readonly QueueDelta[];
  readonly sessions: readonly SessionDelta[];
}

export interface QueueCheckpoint extends QueueState {
  readonly tail: number;
}

/** Starts a value: room for its checksum, then its kind. */
export function startRecord(writer: ByteWriter, kind: number): ByteWriter {
  writer.reset();
  return writer.uint32(0).uint8(kind);
}

/** @throws WireError when the value is of another kind */
export function openRecord(value: Buffer, kind: number): ByteReader {
  const reader = new ByteReader(value, CHECKSUM_BYTES);
  const found = reader.uint8();
  if (found !== kind) throw new WireError(`a record of kind ${kind} expected, ${found} found`);
  return reader;
}

export function writeDelta(
  writer: ByteWriter,
  header: DeltaHeader,
  queues: readonly QueueChanges[],
  sessions: readonly SessionChanges[],
): void {
  startRecord(writer, RECORD.delta);
  writeNumber(writer, header.oldest);
  writer.uint32(header.inventory);
  writeNumber(writer, queues.length);
  for (const queue of queues) writeQueueChanges(writer, queue);
  writeNumber(writer, sessions.length);
  for (const { id, slots } of sessions) {
    writeNumber(writer, id);
    writeSlots(writer, slots);
  }
}

export function readDelta(value: Buffer): Delta {
  const reader = openRecord(value, RECORD.delta);
  const oldest = readNumber(reader);
  const inventory = reader.uint32();
  const queues: QueueDelta[] = [];
  for (let count = readNumber(reader); count > 0; count--) queues.push(readQueueDelta(reader));
  const sessions: SessionDelta[] = [];
  for (let count = readNumber(reader); count > 0; count--) {
    sessions.push({ id: readNumber(reader), slots: readSlots(reader) });
  }
  return { oldest, inventory, queues, sessions };
}

export function writeQueueCheckpoint(writer: ByteWriter, tail: number, state: QueueState): void {
  startRecord(writer, RECORD.queueCheckpoint);
  writeNumber(writer, tail);
  writeNumber(writer, state.watermark);
  writeNumber(writer, state.dispatchedBelow);
  writeRanges(writer, state.settledRanges);
  writePairs(writer, state.deliveryCounts);
}

export function readQueueCheckpoint(value: Buffer): QueueCheckpoint {
  const reader = openRecord(value, RECORD.queueCheckpoint);
  return {
    tail: readNumber(reader),
    watermark: readNumber(reader),
    dispatchedBelow: readNumber(reader),
    settledRanges: readRanges(reader),
    deliveryCounts: readPairs(reader),
  };
}

export function writeSessionCheckpoint(
  writer: ByteWriter,
  slots: ReadonlyMap<number, Buffer>,
): void {
  startRecord(writer, RECORD.sessionCheckpoint);
  writeSlots(writer, slots);
}

export function readSessionCheckpoint(value: Buffer): ReadonlyMap<number, Buffer | null> {
  return readSlots(openRecord(value, RECORD.sessionCheckpoint));
}

function writeQueueChanges(writer: ByteWriter, queue: QueueChanges): void {
  writeNumber(writer, queue.id);
  writeNumber(writer, queue.tailChanged ? queue.tail : 0);
  writeNumber(writer, queue.dispatchedBelow);
  writeRanges(writer, queue.settled);
  writePairs(writer, queue.deliveryCounts);
}

function readQueueDelta(reader: ByteReader): QueueDelta {
  return {
    id: readNumber(reader),
    tail: readNumber(reader),
    dispatchedBelow: readNumber(reader),
    settled: readRanges(reader),
    deliveryCounts: readPairs(reader),
  };
}

function writePairs(writer: ByteWriter, pairs: readonly number[]): void {
  writeNumber(writer, pairs.length / 2);
  for (const number of pairs) writeNumber(writer, number);
}

function readPairs(reader: ByteReader): number[] {
  const pairs: number[] = [];
  for (let count = readNumber(reader); count > 0; count--) {
    pairs.push(readNumber(reader), readNumber(reader));
  }
  return pairs;
}

/** A slot's length is written plus one; 0 means that it is deleted. */
function writeSlots(writer: ByteWriter, slots: ReadonlyMap<number, Buffer | null>): void {
  writeNumber(writer, slots.size);
  for (const [slot, value] of slots) {
    writeNumber(writer, slot);
    writeNumber(writer, value === null ? 0 : value.length + 1);
    if (value !== null) writer.bytes(value);
  }
}

/** The values are copies: a session's slots must not hold on to a whole record. */
function readSlots(reader: ByteReader): Map<number, Buffer | null> {
  const slots = new Map<number, Buffer | null>();
  for (let count = readNumber(reader); count > 0; count--) {
    const slot = readNumber(reader);
    const length = readNumber(reader);
    slots.set(slot, length === 0 ? null : Buffer.from(reader.bytes(length - 1)));
  }
  return slots;
}

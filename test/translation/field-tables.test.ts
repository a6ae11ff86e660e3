import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  AddressBook,
  type Content,
  type Dialect,
  Message,
  type MessageFormat,
  type SentParts,
} from '@causeway/core';
import { createFormats } from '@causeway/server';
import { describe, expect, test } from 'vitest';
import { AMQP_TABLE } from './amqp-table.js';
import { type Covered, type FieldTable, type Read, renderTable, type Write } from './field-row.js';
import { MQTT3_TABLE, MQTT5_TABLE } from './mqtt-tables.js';
import { STOMP_TABLE } from './stomp-table.js';

const TABLES = [MQTT3_TABLE, MQTT5_TABLE, STOMP_TABLE, AMQP_TABLE];
const DOCUMENT = fileURLToPath(new URL('../../docs/interop.md', import.meta.url));
const TESTS = ['../clients/', '../../packages/amqp/src/'].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url)),
);

/** Everything that a message can have: a new field does not compile until it is in this list. */
const EVERYTHING = Object.keys({
  messageId: 0,
  userId: 0,
  subject: 0,
  replyTo: 0,
  correlationId: 0,
  contentType: 0,
  contentEncoding: 0,
  creationTime: 0,
  groupId: 0,
  groupSequence: 0,
  replyToGroupId: 0,
  annotations: 0,
  properties: 0,
  durable: 0,
  priority: 0,
  expiresAt: 0,
  'body text': 0,
  'body binary': 0,
  'body value': 0,
  'body sequence': 0,
} satisfies Record<Covered, 0>) as Covered[];

const address = new AddressBook().topic('prices.eur');
const formats = createFormats();
const PARTS: SentParts = {
  address,
  durable: false,
  headers: [],
  body: Buffer.from('body'),
  timestamp: 1000,
};
const EMPTY: Content = { properties: [], body: { kind: 'text', text: '' } };

function find(key: string): { readonly format: MessageFormat; readonly dialect: Dialect } {
  for (const format of formats.all()) {
    const dialect = format.dialects.find((each) => each.key === key);
    if (dialect !== undefined) return { format, dialect };
  }
  throw new Error(`there is no dialect ${key}`);
}

function checkRead({ format, dialect }: ReturnType<typeof find>, read: Read): void {
  const message = dialect.compose({ ...PARTS, ...read.sent });
  const wire = dialect.describe(message);
  for (const header of read.wire ?? []) expect(wire).toContainEqual(header);
  if (read.envelope !== undefined) expect(message).toMatchObject(read.envelope);
  const content = format.view(message);
  expect(content).toMatchObject(read.content ?? {});
  for (const field of read.lacks ?? []) expect(content[field]).toBeUndefined();
}

/** Builds as the broker does for a message of another format. */
function checkWrite({ format, dialect }: ReturnType<typeof find>, write: Write): void {
  const { durable = false, priority = 4, expiresAt = 0 } = write.envelope ?? {};
  const message = new Message(address, format.id, durable as boolean, Buffer.alloc(0), 0, 0, false);
  message.priority = priority as number;
  message.expiresAt = expiresAt as number;
  message.timestamp = 1000;
  message.annotations = write.annotations === undefined ? null : new Map(write.annotations);
  message.bytes = format.build({ ...EMPTY, ...write.content }, message);
  message.end = message.bytes.length;
  message.formatFlags = format.builtFlags;
  const wire = dialect.describe(message);
  for (const header of write.wire ?? []) expect(wire).toContainEqual(header);
  const names = wire.map(([name]) => name);
  for (const name of write.lacks ?? []) expect(names).not.toContain(name);
  if (write.destination !== undefined) expect(dialect.destination(address)).toBe(write.destination);
  if (write.body !== undefined) {
    expect(dialect.receive(format.view(message)).body).toEqual(write.body);
  }
}

const titles = TESTS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(folder + name, 'utf8')),
).join('\n');

describe.each(TABLES.map((table) => [find(table.dialect).dialect.name, table] as const))(
  'the table of %s',
  (_, table: FieldTable) => {
    const known = find(table.dialect);

    test.each(table.rows.map((row) => [row.name || row.out, row] as const))('%s', (_name, row) => {
      const { reads = [], writes = [], shownBy = [] } = row;
      expect(reads.length + writes.length + shownBy.length).toBeGreaterThan(0);
      for (const read of reads) checkRead(known, read);
      for (const write of writes) checkWrite(known, write);
      for (const title of shownBy) expect(titles.includes(`'${title}'`), title).toBe(true);
    });

    test('has a row for everything that a message can have', () => {
      const covered = new Set(table.rows.flatMap(({ covers = [] }) => covers));
      expect(EVERYTHING.filter((each) => !covered.has(each))).toEqual([]);
    });
  },
);

test('every dialect has a table', () => {
  const keys = formats.all().flatMap(({ dialects }) => dialects.map(({ key }) => key));
  expect(new Set(keys)).toEqual(new Set(TABLES.map(({ dialect }) => dialect)));
});

test('docs/interop.md has these tables; `npm run docs` writes them there', async () => {
  let document = readFileSync(DOCUMENT, 'utf8');
  for (const table of TABLES) {
    const begin = `<!-- table ${table.dialect} -->\n`;
    const start = document.indexOf(begin) + begin.length;
    expect(start).toBeGreaterThan(begin.length);
    const end = document.indexOf('\n<!-- end -->', start);
    document = document.slice(0, start) + renderTable(table) + document.slice(end);
  }
  await expect(document).toMatchFileSnapshot(DOCUMENT);
});

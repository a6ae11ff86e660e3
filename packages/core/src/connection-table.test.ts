import { describe, expect, test } from 'vitest';
import { type Address, AddressBook } from './address.js';
import type { ConnectionInfo } from './connection.js';
import { ConnectionTable } from './connection-table.js';
import { createLimits } from './limits.js';
import { Metrics } from './metrics.js';
import { type Action, SILENT_LOG } from './ports.js';
import type { Queue } from './queue.js';

const addresses = new AddressBook();

function createTable(overrides = {}) {
  const asked: string[] = [];
  const audited: string[] = [];
  const temporaries = new Map<string, { ownerId: number; deleted: boolean }>();
  const metrics = new Metrics();
  let nextId = 100;
  const table = new ConnectionTable({
    limits: createLimits(overrides),
    metrics,
    log: { ...SILENT_LOG, audit: (event, fields) => audited.push(`${event} ${fields?.user}`) },
    authorizer: {
      allows: (principal, action, address) => {
        asked.push(`${action} ${address.uri}`);
        return principal.name === 'alice' || action === 'read';
      },
    },
    temporaryOwner: (address: Address) => temporaries.get(address.name)?.ownerId ?? null,
    createTemporary: (ownerId) => {
      const queue = { name: `temporary.${temporaries.size}`, ownerId, deleted: false };
      temporaries.set(queue.name, queue);
      return queue as unknown as Queue;
    },
    deleteQueue: (queue) => {
      (queue as { deleted: boolean }).deleted = true;
      temporaries.delete(queue.name);
    },
    nextId: () => nextId++,
  });
  return { table, asked, audited, metrics, temporaries };
}

function info(user: string): ConnectionInfo {
  return {
    protocol: 'test',
    clientId: 'client',
    principal: { name: user, groups: new Set() },
    remote: '127.0.0.1:1',
    sink: { closeWith() {} },
  };
}

const ACTIONS: Action[] = ['read', 'write', 'admin'];

describe('permissions of a connection', () => {
  test('are asked for once per action and destination', () => {
    const { table, asked } = createTable();
    const connection = table.open(info('bob'));
    for (let round = 0; round < 3; round++) {
      expect(ACTIONS.map((action) => connection.may(action, addresses.queue('a')))).toEqual([
        true,
        false,
        false,
      ]);
    }
    connection.may('read', addresses.topic('a'));
    expect(asked).toEqual([
      'read queue://a',
      'write queue://a',
      'admin queue://a',
      'read topic://a',
    ]);
  });

  test('are refused with an error that names who, what and where', () => {
    const { table } = createTable();
    const connection = table.open(info('bob'));
    connection.require('read', addresses.queue('a'));
    expect(() => connection.require('write', addresses.queue('a'))).toThrow(
      expect.objectContaining({ code: 'not-authorized', message: 'bob may not write queue://a' }),
    );
  });

  test('leave one audit line per refused decision, and a count', () => {
    const { table, audited, metrics } = createTable();
    const connection = table.open(info('bob'));
    for (let round = 0; round < 5; round++) connection.may('write', addresses.queue('a'));
    expect(audited).toEqual(['permission-refused bob']);
    expect(metrics.permissionsRefused).toBe(1);
  });

  test('are not shared between connections', () => {
    const { table } = createTable();
    expect(table.open(info('alice')).may('write', addresses.queue('a'))).toBe(true);
    expect(table.open(info('bob')).may('write', addresses.queue('a'))).toBe(false);
  });

  test('stay in bounded memory, and right, when many destinations are asked for', () => {
    const { table, asked } = createTable();
    const connection = table.open(info('bob'));
    for (let index = 0; index < 10_001; index++) {
      expect(connection.may('write', addresses.queue(`q${index}`))).toBe(false);
    }
    expect(connection.may('write', addresses.queue('q0'))).toBe(false);
    expect(asked.length).toBe(10_002);
  });
});

describe('temporary destinations', () => {
  test('are read by their owner only and written by everybody', () => {
    const { table, asked } = createTable();
    const owner = table.open(info('bob'));
    const other = table.open(info('alice'));
    const queue = owner.createTemporaryQueue();
    const address = addresses.queue(queue.name);
    expect(ACTIONS.map((action) => owner.may(action, address))).toEqual([true, true, true]);
    expect(ACTIONS.map((action) => other.may(action, address))).toEqual([false, true, false]);
    expect(asked).toEqual([]);
  });

  test('go with their connection', () => {
    const { table, temporaries } = createTable();
    const connection = table.open(info('bob'));
    const other = table.open(info('bob'));
    connection.createTemporaryQueue();
    connection.createTemporaryQueue();
    other.createTemporaryQueue();
    connection.close();
    connection.close();
    expect([...temporaries.values()].map(({ ownerId }) => ownerId)).toEqual([other.id]);
  });

  test('are bounded per connection, not counting those that are gone', () => {
    const { table, temporaries } = createTable({ temporaryQueuesPerConnectionMax: 2 });
    const connection = table.open(info('bob'));
    const first = connection.createTemporaryQueue();
    connection.createTemporaryQueue();
    expect(() => connection.createTemporaryQueue()).toThrow('too many temporary destinations');
    temporaries.delete(first.name);
    first.deleted = true;
    connection.createTemporaryQueue();
    expect(() => connection.createTemporaryQueue()).toThrow('too many temporary destinations');
  });
});

describe('ConnectionTable', () => {
  test('bounds the connections of a user', () => {
    const { table, metrics } = createTable({ connectionsPerUserMax: 2 });
    const first = table.open(info('bob'));
    table.open(info('bob'));
    table.open(info('alice'));
    expect(() => table.open(info('bob'))).toThrow(
      expect.objectContaining({ code: 'quota-exceeded' }),
    );
    expect([table.size, metrics.connectionsRefused]).toEqual([3, 1]);
    first.close();
    first.close();
    table.open(info('bob'));
    expect(() => table.open(info('bob'))).toThrow('too many connections');
  });

  test('knows who is connected', () => {
    const { table } = createTable();
    const connections = [table.open(info('a')), table.open(info('b'))];
    expect([...table]).toEqual(connections);
    expect(new Set(connections.map(({ id }) => id)).size).toBe(2);
    for (const connection of connections) connection.close();
    expect(table.size).toBe(0);
  });
});

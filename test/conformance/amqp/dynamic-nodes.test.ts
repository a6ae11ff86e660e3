import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';
import { DescribedValue, Sym, type Value } from '../../support/raw-amqp-values.js';

const fixture = useAmqpServer({ limits: { temporaryQueuesPerConnectionMax: 3 } });
const { connect, name, session } = fixture;

const POLICIES = {
  'delete-on-close': 0x2b,
  'delete-on-no-links': 0x2c,
  'delete-on-no-messages': 0x2d,
  'delete-on-no-links-or-messages': 0x2e,
} as const;
type Policy = keyof typeof POLICIES;

const lifetime = (policy: Policy): Record<string, Value> => ({
  'lifetime-policy': new DescribedValue(POLICIES[policy], []),
});

interface Creator {
  /** Expiry policy, timeout, capabilities, properties of the node. */
  readonly terminus?: Readonly<Record<string, unknown>>;
  readonly handle?: number;
  readonly name?: string;
}

/** Has a receiver create a node; returns the answer. */
async function create(client: RawAmqp, policy: Policy, creator: Creator = {}): Promise<RawFrame> {
  const { terminus, handle = 0 } = creator;
  const source = { dynamic: true, dynamicNodeProperties: lifetime(policy), ...terminus };
  const link = creator.name ?? name('creator');
  client.send(amqp.attach({ name: link, handle, role: true, source, target: {} }));
  return client.expect('attach', { handle });
}

/** Has a sender create a node; returns the answer. */
async function createTarget(
  client: RawAmqp,
  policy: Policy,
  { terminus, handle = 0 }: Creator = {},
): Promise<RawFrame> {
  const target = { dynamic: true, dynamicNodeProperties: lifetime(policy), ...terminus };
  client.send(
    amqp.attach({ name: name('creator'), handle, role: false, target, initialDeliveryCount: 0 }),
  );
  const attached = await client.expect('attach', { handle });
  await client.expect('flow');
  return attached;
}

/** Sends one message to a node, from a connection of its own, which stays. */
async function sendTo(address: string): Promise<RawAmqp> {
  const client = await session();
  await client.attachSender(address);
  client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, text('a')));
  await client.expect('disposition', { state: { kind: 'accepted' } });
  return client;
}

async function detach(client: RawAmqp, closed: boolean, handle = 0): Promise<void> {
  client.send(amqp.detach({ handle, closed }));
  await client.expect('detach', { handle, closed });
}

/** Whether a node can be sent to. */
async function exists(address: string): Promise<boolean> {
  const client = await session();
  client.send(
    amqp.attach({ name: name(), role: false, target: { address }, initialDeliveryCount: 0 }),
  );
  const { target } = await client.expect('attach');
  await client.drop();
  return target !== undefined;
}

describe('a dynamic node', () => {
  test.each(Object.keys(POLICIES) as Policy[])(
    '3.5.9 is created with the %s that its link asks for',
    async (policy) => {
      const client = await session();
      for (const [handle, end] of (['source', 'target'] as const).entries()) {
        const make = end === 'source' ? create : createTarget;
        const attached = (await make(client, policy, { handle }))[end];
        expect(attached).toMatchObject({ dynamic: true });
        expect(attached.address).toMatch(/^temp-queue:\/\//);
        expect(attached.dynamicNodeProperties).toEqual(lifetime(policy));
      }
    },
  );

  test('3.5.9 is answered with delete-on-close, if the policy is not known or not asked for', async () => {
    const client = await session();
    for (const [handle, dynamicNodeProperties] of [
      undefined,
      {},
      { 'lifetime-policy': new DescribedValue(0x99, []) },
      { 'lifetime-policy': 'for ever', 'supported-dist-modes': new Sym('move') },
    ].entries()) {
      if (handle === 3) await detach(client, true, 0);
      const terminus = { dynamicNodeProperties };
      const { source } = await create(client, 'delete-on-no-links', { handle, terminus });
      expect(source.dynamicNodeProperties).toEqual(lifetime('delete-on-close'));
    }
  });

  test('3.5.9 a policy may have a symbol as its descriptor', async () => {
    const client = await session();
    const policy = new DescribedValue('amqp:delete-on-no-messages:list', []);
    const terminus = { dynamicNodeProperties: { 'lifetime-policy': policy } };
    const { source } = await create(client, 'delete-on-close', { terminus });
    expect(source.dynamicNodeProperties).toEqual(lifetime('delete-on-no-messages'));
  });

  test('3.5.3 nodes are counted, and those that ended do not count', async () => {
    const client = await session();
    for (let handle = 0; handle < 3; handle++) await create(client, 'delete-on-close', { handle });
    client.send(amqp.attach({ name: name(), handle: 3, role: true, source: { dynamic: true } }));
    await client.expect('attach', { handle: 3 });
    await client.expectDetach('amqp:resource-limit-exceeded', 3);
    await detach(client, true, 0);
    await create(client, 'delete-on-close', { handle: 0 });
  });

  test('3.5.3 a node that is not dynamic has no properties in the answer', async () => {
    const client = await session();
    const address = name('queue');
    const source = { address, dynamicNodeProperties: lifetime('delete-on-no-links') };
    const attached = await client.attachReceiver(address, { source });
    expect(attached.source.dynamicNodeProperties).toBeUndefined();
  });
});

describe('delete-on-close', () => {
  test('3.5.10 the node ends when the link is closed, and other links with it', async () => {
    const client = await session();
    const { address } = (await create(client, 'delete-on-close')).source;
    await client.attachReceiver(address, { handle: 1 });
    const other = await sendTo(address);
    client.send(amqp.detach({ handle: 0, closed: true }));
    await client.expectDetach('amqp:resource-deleted', 1);
    await client.expect('detach', { handle: 0 });
    await other.expectDetach('amqp:resource-deleted');
    expect(await exists(address)).toBe(false);
  });

  test('3.5.10 a target that is dynamic ends likewise', async () => {
    const client = await session();
    const { address } = (await createTarget(client, 'delete-on-close')).target;
    await client.attachReceiver(address, { handle: 1 });
    client.send(amqp.detach({ handle: 0, closed: true }));
    await client.expectDetach('amqp:resource-deleted', 1);
    await client.expect('detach', { handle: 0 });
    expect(await exists(address)).toBe(false);
  });

  test('3.5.10 3.5.6 a link that is only detached exists until its terminus expires', async () => {
    const client = await session();
    const { address } = (await create(client, 'delete-on-close')).source;
    await detach(client, false);
    expect(await exists(address)).toBe(true);
    client.send(amqp.end());
    await client.expect('end');
    expect(await exists(address)).toBe(false);
  });

  test('3.5.10 3.5.6 with link-detach it ends with the detach, or when the timeout is over', async () => {
    const client = await session();
    const now = { expiryPolicy: 'link-detach' };
    const first = (await create(client, 'delete-on-close', { terminus: now })).source.address;
    await detach(client, false);
    expect(await exists(first)).toBe(false);
    const later = { expiryPolicy: 'link-detach', timeout: 60 };
    const second = (await create(client, 'delete-on-close', { terminus: later })).source.address;
    await detach(client, false);
    fixture.server.skip(59_000);
    expect(await exists(second)).toBe(true);
    fixture.server.skip(1001);
    expect(await exists(second)).toBe(false);
  });

  test('3.5.10 2.6.4 a timeout that ran before does not count for a link that is closed', async () => {
    const client = await session();
    const terminus = { expiryPolicy: 'link-detach', timeout: 60 };
    const creator = { terminus, name: name('creator') };
    const { source } = await create(client, 'delete-on-close', creator);
    for (let round = 0; round < 3; round++) {
      await detach(client, false);
      const again = await create(client, 'delete-on-close', creator);
      expect(again.source.address).toBe(source.address);
    }
    fixture.server.skip(61_000);
    expect(await exists(source.address)).toBe(true);
    await detach(client, false);
    await create(client, 'delete-on-close', creator);
    await detach(client, true);
    expect(await exists(source.address)).toBe(false);
  });

  test.each(['session-end', 'connection-close', 'never'])(
    '3.5.10 3.5.6 with %s the same link finds its node again',
    async (expiryPolicy) => {
      const client = await session();
      const creator = { name: name(), terminus: { expiryPolicy } };
      const { address } = (await create(client, 'delete-on-close', creator)).source;
      await detach(client, false);
      await (await sendTo(address)).drop();
      const again = await create(client, 'delete-on-close', creator);
      expect(again.source.address).toBe(address);
      await detach(client, false);
      // By its address, too: it is the link that caused the creation all the same.
      await client.attachReceiver(address, {
        name: creator.name,
        source: { address, ...creator.terminus },
      });
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
      await client.expect('transfer');
      await detach(client, true);
      expect(await exists(address)).toBe(false);
    },
  );
});

describe('delete-on-no-links', () => {
  test('3.5.11 the node ends with the last link of which it is the source or the target', async () => {
    const client = await session();
    const { address } = (await create(client, 'delete-on-no-links')).source;
    await client.attachReceiver(address, { handle: 1 });
    const sender = await sendTo(address);
    await detach(client, true, 0);
    expect(await exists(address)).toBe(true);
    await detach(client, true, 1);
    expect(await exists(address)).toBe(true);
    await detach(sender, true);
    expect(await exists(address)).toBe(false);
  });

  test('3.5.11 a link ends with its connection, too', async () => {
    const client = await session();
    const { address } = (await create(client, 'delete-on-no-links')).source;
    const sender = await sendTo(address);
    await detach(client, true);
    await sender.close();
    expect(await exists(address)).toBe(false);
  });
});

describe('delete-on-no-messages', () => {
  test('3.5.12 the node ends with its last message, once the link is gone', async () => {
    const client = await session();
    const { address } = (await create(client, 'delete-on-no-messages')).source;
    await (await sendTo(address)).drop();
    await detach(client, true);
    fixture.server.skip(1000);
    expect(await exists(address)).toBe(true);
    await client.attachReceiver(address, { handle: 1 });
    client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
    const { deliveryId } = await client.expect('transfer');
    const accepted = { role: true, first: deliveryId, settled: true, state: 'accepted' };
    client.send(amqp.disposition(accepted));
    await client.expectSilence();
    fixture.server.skip(1000);
    await client.expectDetach('amqp:resource-deleted', 1);
    expect(await exists(address)).toBe(false);
  });

  test('3.5.12 one without messages ends with the link, whoever else has one', async () => {
    const client = await session();
    const { address } = (await create(client, 'delete-on-no-messages')).source;
    await client.attachReceiver(address, { handle: 1 });
    client.send(amqp.detach({ handle: 0, closed: true }));
    await client.expectDetach('amqp:resource-deleted', 1);
    await client.expect('detach', { handle: 0 });
  });
});

describe('delete-on-no-links-or-messages', () => {
  test('3.5.13 the node ends when both are gone', async () => {
    const client = await session();
    const { address } = (await create(client, 'delete-on-no-links-or-messages')).source;
    await (await sendTo(address)).drop();
    await detach(client, true);
    fixture.server.skip(1000);
    expect(await exists(address)).toBe(true);
    await client.attachReceiver(address, { handle: 1, sndSettleMode: 1 });
    client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
    await client.expect('transfer');
    fixture.server.skip(1000);
    expect(await exists(address)).toBe(true);
    await detach(client, true, 1);
    expect(await exists(address)).toBe(false);
  });
});

describe('a connection', () => {
  test.each(Object.keys(POLICIES) as Policy[])(
    '3.5.10 to 3.5.13 takes its nodes with it, %s or not',
    async (policy) => {
      const client = await session();
      const terminus = { expiryPolicy: 'never' };
      const { address } = (await create(client, policy, { terminus })).source;
      const sender = await sendTo(address);
      await client.drop();
      await sender.expectDetach('amqp:resource-deleted');
      expect(await exists(address)).toBe(false);
    },
  );

  test('3.5.3 a dynamic topic is one, too', async () => {
    const client = await connect();
    await client.begin();
    const capabilities = ['temporary-topic'];
    const { source } = await create(client, 'delete-on-close', { terminus: { capabilities } });
    expect(source.address).toMatch(/^temp-topic:\/\//);
    expect(source.dynamicNodeProperties).toEqual(lifetime('delete-on-close'));
    await client.attachReceiver(source.address, { handle: 1 });
    client.send(amqp.detach({ handle: 0, closed: true }));
    await client.expectDetach('amqp:resource-deleted', 1);
    await client.expect('detach', { handle: 0 });
  });
});

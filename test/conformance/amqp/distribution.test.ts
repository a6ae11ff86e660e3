import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';
import { encodeMessage, text } from '../../support/raw-amqp-message.js';
import type { DescribedValue } from '../../support/raw-amqp-values.js';
import { decodeValues } from '../../support/raw-amqp-values.js';

const { fill, name, session } = useAmqpServer();

const settle = (first: number, kind: 'accepted' | 'released') =>
  amqp.disposition({ role: true, first, settled: true, state: { kind } });

/** A receiver with credit. */
async function receiver(
  address: string,
  linkCredit = 10,
  distributionMode?: string,
): Promise<RawAmqp> {
  const client = await session();
  await client.attachReceiver(address, { source: { address, distributionMode } });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit }));
  return client;
}

async function expectText(client: RawAmqp, body: string): Promise<void> {
  const { payload } = await client.expect('transfer');
  expect((decodeValues(payload).at(-1) as DescribedValue).value).toBe(body);
}

describe('3.3 a queue', () => {
  test('3.3 gives each message to one of its consumers, in order', async () => {
    const queue = name('queue');
    const [one, two] = [await receiver(queue, 2), await receiver(queue, 2)];
    await one.expectSilence();
    await fill(queue, text('a'), text('b'), text('c'), text('d'));
    for (const [client, bodies] of [[one, 'ac'] as const, [two, 'bd'] as const]) {
      for (const body of bodies) await expectText(client, body);
      await client.expectSilence();
    }
  });

  test('3.3.1 what is acquired is nobody else’s, until it is released', async () => {
    const queue = name('queue');
    await fill(queue, text('a'), text('b'));
    const first = await receiver(queue);
    await expectText(first, 'a');
    await expectText(first, 'b');
    const second = await receiver(queue);
    await second.expectSilence();
    first.send(amqp.flow({ handle: 0, nextIncomingId: 2, deliveryCount: 2, linkCredit: 0 }));
    first.send(settle(0, 'released'));
    await expectText(second, 'a');
    await second.expectSilence();
  });

  test('3.3.1 what is archived is available to nobody any more', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const first = await receiver(queue);
    await expectText(first, 'a');
    first.send(settle(0, 'accepted'));
    await first.expectSilence();
    first.send(settle(0, 'released'));
    await first.expectSilence();
    const second = await receiver(queue);
    await second.expectSilence();
  });

  test('3.3.1 what was sent settled is archived as it leaves', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await client.expect('transfer', { settled: true });
    await client.drop();
    await (await receiver(queue)).expectSilence();
  });
});

describe('3.5.2 distribution modes', () => {
  test.each([undefined, 'move'])('3.5.2 3.5.7 %s moves what is sent', async (mode) => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await session();
    const source = { address: queue, distributionMode: mode };
    const attached = await client.attachReceiver(queue, { source });
    expect(attached.source.distributionMode).toBe('move');
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await expectText(client, 'a');
    await (await receiver(queue)).expectSilence();
  });

  test('3.5.2 3.5.7 copy leaves everything where it is', async () => {
    const queue = name('queue');
    await fill(queue, text('a'), text('b'));
    for (let round = 0; round < 2; round++) {
      const client = await session();
      const source = { address: queue, distributionMode: 'copy' };
      const attached = await client.attachReceiver(queue, { source });
      expect(attached.source.distributionMode).toBe('copy');
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10, drain: true }));
      await expectText(client, 'a');
      await expectText(client, 'b');
      await client.expect('flow', { linkCredit: 0 });
    }
    const mover = await receiver(queue);
    await expectText(mover, 'a');
    await expectText(mover, 'b');
  });

  test('3.5.2 copy shows what others have acquired, too', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const mover = await receiver(queue);
    await expectText(mover, 'a');
    const browser = await receiver(queue, 10, 'copy');
    await expectText(browser, 'a');
  });

  test('3.5.2 3.5.7 each subscriber of a topic has a copy', async () => {
    const address = `topic://${name('topic')}`;
    const clients: RawAmqp[] = [];
    for (let count = 0; count < 2; count++) {
      const client = await session();
      const attached = await client.attachReceiver(address);
      expect(attached.source.distributionMode).toBe('copy');
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
      await client.expectSilence();
      clients.push(client);
    }
    await fill(address, text('a'));
    for (const client of clients) await expectText(client, 'a');
  });

  test('3.5.7 there are no other modes', async () => {
    const client = await session();
    const source = { address: name('queue'), distributionMode: 'share' };
    client.send(amqp.attach({ name: 'n', role: true, source, target: {} }));
    expect((await client.expect('attach')).source).toBeUndefined();
    await client.expectDetach('amqp:not-implemented');
  });
});

describe('3.5 sources and targets', () => {
  test('3.5 3.5.4 a target is answered with what there is', async () => {
    const client = await session();
    const address = `queue://${name('queue')}`;
    const target = {
      address,
      durable: 2,
      expiryPolicy: 'never',
      timeout: 5,
      capabilities: 'queue',
    };
    client.send(
      amqp.attach({ name: 'n', role: false, source: {}, target, initialDeliveryCount: 0 }),
    );
    const attached = await client.expect('attach', { role: true });
    expect(attached.target).toMatchObject({ address, capabilities: ['queue'] });
  });

  test('3.5.4 without a capability the kind of the node is told', async () => {
    const client = await session();
    for (const [handle, kind] of ['queue', 'topic'].entries()) {
      const target = { address: `${kind}://${name(kind)}` };
      const ends = { source: {}, target, initialDeliveryCount: 0 };
      client.send(amqp.attach({ name: kind, handle, role: false, ...ends }));
      const attached = await client.expect('attach', { role: true, handle });
      expect(attached.target.capabilities).toEqual([kind]);
      await client.expect('flow');
    }
  });

  test('3.5.4 without an address each message says where it goes', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender('', { target: {} });
    const message = encodeMessage({ properties: { to: `queue://${queue}` }, value: 'a' });
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, message));
    await client.expect('disposition', { state: { kind: 'accepted' } });
    client.send(amqp.transfer({ deliveryId: 1, deliveryTag: 'b' }, text('to nobody')));
    await client.expect('disposition', {
      state: { kind: 'rejected', error: { condition: 'amqp:precondition-failed' } },
    });
    await expectText(await receiver(queue), 'a');
  });

  test('3.5.3 3.5.4 no source is no link to receive on, and no target none to send on', async () => {
    const client = await session();
    client.send(amqp.attach({ name: 'n', role: false, source: {}, initialDeliveryCount: 0 }));
    expect((await client.expect('attach')).target).toBeUndefined();
    await client.expectDetach('amqp:invalid-field');
    client.send(amqp.attach({ name: 'n', handle: 1, role: true, target: {} }));
    expect((await client.expect('attach')).source).toBeUndefined();
    await client.expectDetach('amqp:not-found', 1);
  });
});

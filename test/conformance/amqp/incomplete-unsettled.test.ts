import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import type { StateFields } from '../../support/raw-amqp-composites.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

// Links whose unsettled deliveries are too many for one frame (2.7.3, incomplete-unsettled).

const { connect, fill, name, session } = useAmqpServer();

type Unsettled = Readonly<Record<string, StateFields | null>>;

const SMALL = { maxFrameSize: 512 };
const BODY = text('a');
const credit = (linkCredit: number, deliveryCount = 0): Buffer =>
  amqp.flow({ handle: 0, deliveryCount, linkCredit });
const tagOf = ({ deliveryTag }: RawFrame): string => Buffer.from(deliveryTag).toString('latin1');
const all = (tags: readonly string[], state: StateFields | null = null): Unsettled =>
  Object.fromEntries(tags.map((tag) => [tag, state]));

describe('links on which the client receives', () => {
  const lasting = (address: string): FrameFields<'attach'> => ({
    name: 'lasting',
    source: { address, expiryPolicy: 'never' },
  });

  /** A link with so many unsettled deliveries; its connection ends. */
  async function suspended(count: number) {
    const containerId = name('container');
    const queue = name('queue');
    await fill(queue, ...Array.from({ length: count }, () => BODY));
    const client = await connect({ containerId });
    await client.begin();
    await client.attachReceiver(queue, lasting(queue));
    client.send(credit(count));
    const tags = (await client.take(count)).map(tagOf);
    await client.close();
    return { containerId, queue, tags };
  }

  async function resume(
    { containerId, queue }: { containerId: string; queue: string },
    unsettled: Unsettled | undefined,
    incompleteUnsettled: boolean,
    open: FrameFields<'open'> = {},
  ): Promise<{ client: RawAmqp; attach: RawFrame }> {
    const client = await connect({ containerId, ...open });
    await client.begin();
    const fields = { ...lasting(queue), unsettled, incompleteUnsettled };
    return { client, attach: await client.attachReceiver(queue, fields) };
  }

  test('2.7.3 what an incomplete map does not name is kept for the link', async () => {
    const link = await suspended(3);
    const [a = '', b = '', c = ''] = link.tags;
    const { client, attach } = await resume(link, { [b]: 'accepted' }, true);
    expect(Object.keys(attach.unsettled).sort()).toEqual([a, b, c].sort());
    expect(attach.incompleteUnsettled ?? false).toBe(false);
    await client.expect('transfer', { resume: true, settled: true });
    const other = await session();
    await other.attachReceiver(link.queue);
    other.send(credit(5));
    await other.expectSilence();
    await client.close();
    // The second time it names the rest.
    const again = await resume(link, { [a]: 'accepted', [c]: 'accepted' }, false);
    const settled = (await again.client.take(2)).map(tagOf);
    expect(settled).toEqual([a, c]);
    await other.expectSilence();
  });

  test('2.7.3 an incomplete map without entries keeps everything', async () => {
    const link = await suspended(2);
    const { client, attach } = await resume(link, undefined, true);
    expect(Object.keys(attach.unsettled)).toEqual(link.tags);
    client.send(amqp.detach());
    await client.expect('detach');
    const fields = { ...lasting(link.queue), unsettled: all(link.tags, 'accepted') };
    await client.attachReceiver(link.queue, fields);
    for (const tag of link.tags) {
      expect(tagOf(await client.expect('transfer', { resume: true, settled: true }))).toBe(tag);
    }
  });

  test('2.7.3 a link with an incomplete map gets nothing new until it is attached again', async () => {
    const link = await suspended(1);
    const [tag = ''] = link.tags;
    await fill(link.queue, BODY);
    const { client } = await resume(link, { [tag]: 'accepted' }, true);
    await client.expect('transfer', { resume: true, settled: true });
    client.send(credit(10));
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10, echo: true }));
    await client.expect('flow', { linkCredit: 0, available: 1 });
    await client.expectSilence();
    client.send(amqp.detach());
    await client.expect('detach');
    await client.attachReceiver(link.queue, lasting(link.queue));
    client.send(credit(1));
    const { resume: resumed } = await client.expect('transfer');
    expect(resumed ?? false).toBe(false);
  });

  test('2.7.3 2.8.15 the map of the server is cut to the frames of its client', async () => {
    const link = await suspended(100);
    const { client, attach } = await resume(link, all(link.tags), false, SMALL);
    expect(attach.incompleteUnsettled).toBe(true);
    expect(attach.bytes.length).toBeLessThanOrEqual(512);
    const named = Object.keys(attach.unsettled);
    expect(named.length).toBeGreaterThan(10);
    expect(link.tags.slice(0, named.length)).toEqual(named);
    // All of them are resumed: the client has named them itself.
    const resumed: string[] = [];
    while (resumed.length < 100) {
      const frame = await client.next();
      if (frame.resume === true) resumed.push(tagOf(frame));
    }
    expect(resumed).toEqual(link.tags);
  });

  test('2.7.3 a map that fits just so is complete', async () => {
    const link = await suspended(10);
    const { attach } = await resume(link, all(link.tags), false, SMALL);
    expect(attach.incompleteUnsettled ?? false).toBe(false);
    expect(Object.keys(attach.unsettled)).toEqual(link.tags);
  });

  test('2.7.3 a client may name any number of deliveries that nobody knows', async () => {
    const link = await suspended(1);
    const strangers = Array.from({ length: 10_000 }, (_, index) => `stranger ${index}`);
    const { client, attach } = await resume(link, all([...strangers, ...link.tags]), false, SMALL);
    expect(Object.keys(attach.unsettled)).toEqual(link.tags);
    expect((await client.take(2)).map((frame) => frame.resume ?? false)).toEqual([true, false]);
    await client.expectSilence();
  });
});

describe('links on which the client sends', () => {
  const lasting = (address: string): FrameFields<'attach'> => ({
    name: 'lasting',
    rcvSettleMode: 1,
    target: { address, expiryPolicy: 'never' },
  });

  async function suspended(tags: readonly string[]) {
    const containerId = name('container');
    const queue = name('queue');
    const client = await connect({ containerId });
    await client.begin();
    await client.attachSender(queue, lasting(queue));
    for (const [deliveryId, deliveryTag] of tags.entries()) {
      client.send(amqp.transfer({ deliveryId, deliveryTag }, BODY));
      await client.expect('disposition', { first: deliveryId });
    }
    await client.close();
    return { containerId, queue };
  }

  async function resume(
    { containerId, queue }: { containerId: string; queue: string },
    unsettled: Unsettled,
    incompleteUnsettled: boolean,
    open: FrameFields<'open'> = {},
  ): Promise<{ client: RawAmqp; attach: RawFrame }> {
    const client = await connect({ containerId, ...open });
    await client.begin();
    const fields = { role: false, source: {}, initialDeliveryCount: 0 };
    client.send(amqp.attach({ ...lasting(queue), ...fields, unsettled, incompleteUnsettled }));
    return { client, attach: await client.expect('attach') };
  }

  test('2.7.3 what an incomplete map does not name is not taken for settled', async () => {
    const link = await suspended(['a', 'b']);
    const { client, attach } = await resume(link, { a: null }, true);
    expect(attach.unsettled).toEqual({ a: 'accepted', b: 'accepted' });
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', settled: true, resume: true }));
    await client.expectSilence();
    await client.close();
    const again = await resume(link, { b: null }, false);
    expect(again.attach.unsettled).toEqual({ b: 'accepted' });
    await again.client.expect('flow', { handle: 0 });
  });

  test('2.7.3 a link with an incomplete map gets no credit until it is attached again', async () => {
    const link = await suspended(['a']);
    const { client } = await resume(link, { a: null }, true);
    await client.expectSilence();
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', resume: true }, BODY));
    await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
    client.send(amqp.transfer({ deliveryId: 1, deliveryTag: 'new' }, BODY));
    await client.expectDetach('amqp:link:transfer-limit-exceeded');
  });

  test('2.7.3 2.8.15 the map of the server is cut to the frames of its client', async () => {
    const tags = Array.from({ length: 50 }, (_, index) => `${index}`.padStart(32, '.'));
    const link = await suspended(tags);
    const { client, attach } = await resume(link, all(tags), false, SMALL);
    expect(attach.incompleteUnsettled).toBe(true);
    expect(attach.bytes.length).toBeLessThanOrEqual(512);
    const named = Object.keys(attach.unsettled);
    expect(named).toEqual(tags.slice(0, named.length));
    expect(named.length).toBeGreaterThan(5);
    // What was not named is known none the less.
    for (const [id, deliveryTag] of tags.entries()) {
      client.send(amqp.transfer({ deliveryId: id, deliveryTag, resume: true, settled: true }));
    }
    await client.expectSilence();
    await client.close();
    const again = await resume(link, all(tags), false, SMALL);
    expect(again.attach.unsettled ?? {}).toEqual({});
    await again.client.expect('flow', { handle: 0 });
  });
});

import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import type { StateFields } from '../../support/raw-amqp-composites.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

// Resuming deliveries (2.6.13) on links on which the client receives.

const fixture = useAmqpServer({
  authorization: [
    { destination: 'queue://>', read: ['*'], write: ['*'] },
    { destination: 'topic://>', read: ['*'], write: ['*'] },
    { destination: 'queue://secret.>' },
  ],
});
const { connect, fill, name, session } = fixture;

const credit = (linkCredit: number, handle = 0): Buffer =>
  amqp.flow({ handle, deliveryCount: 0, linkCredit });
const disposition = (first: number, state: StateFields): Buffer =>
  amqp.disposition({ role: true, first, settled: true, state });
const MODIFIED = { kind: 'modified', deliveryFailed: true } as const;

interface Suspended {
  readonly containerId: string;
  readonly queue: string;
  /** Delivery-tags of what came on the link, as Latin-1. */
  readonly tags: readonly string[];
}

const lasting = (address: string): FrameFields<'attach'> => ({
  name: 'lasting',
  source: { address, expiryPolicy: 'never' },
});

const tagOf = ({ deliveryTag }: RawFrame): string => Buffer.from(deliveryTag).toString('latin1');

/** A link that has got messages and settled none of them; then its connection ends. */
async function suspended(count: number, body = (index: number) => `${index}`): Promise<Suspended> {
  const containerId = name('container');
  const queue = name('queue');
  await fill(queue, ...Array.from({ length: count }, (_, index) => text(body(index))));
  const client = await connect({ containerId });
  await client.begin();
  await client.attachReceiver(queue, lasting(queue));
  client.send(credit(count));
  const frames: RawFrame[] = [];
  while (frames.filter(({ more }) => more !== true).length < count) {
    frames.push(await client.expect('transfer'));
  }
  await client.close();
  const tags = frames.filter(({ deliveryTag }) => deliveryTag !== undefined).map(tagOf);
  return { containerId, queue, tags };
}

/** Attaches the link again, with what the client knows of its deliveries. */
async function resume(
  { containerId, queue }: Suspended,
  unsettled: Readonly<Record<string, StateFields | null>>,
  fields: FrameFields<'attach'> & { open?: FrameFields<'open'> } = {},
): Promise<{ client: RawAmqp; attach: RawFrame }> {
  const { open = {}, ...rest } = fields;
  const client = await connect({ containerId, ...open });
  await client.begin();
  const attach = await client.attachReceiver(queue, { ...lasting(queue), unsettled, ...rest });
  return { client, attach };
}

/** What a new receiver gets from a queue, by its bodies, with the delivery-count in the header. */
async function contentsOf(queue: string): Promise<string[]> {
  const client = await session();
  await client.attachReceiver(queue, { sndSettleMode: 1 });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 100, drain: true }));
  const bodies: string[] = [];
  for (;;) {
    const frame = await client.next();
    if (frame.kind === 'flow') break;
    bodies.push(frame.payload.toString('latin1').slice(-1));
  }
  await client.drop();
  return bodies;
}

/** The frames of one resumed delivery: an empty one, then the message from its beginning. */
async function expectRepeated(client: RawAmqp, tag: string, body: string): Promise<number> {
  const first = await client.expect('transfer', {
    resume: true,
    settled: false,
    more: true,
    state: { kind: 'received', sectionNumber: 0, sectionOffset: 0 },
  });
  expect([tagOf(first), first.payload.length]).toEqual([tag, 0]);
  let message = Buffer.alloc(0);
  for (;;) {
    const frame = await client.expect('transfer');
    expect(frame.deliveryTag).toBeUndefined();
    message = Buffer.concat([message, frame.payload]);
    if (frame.more !== true) break;
  }
  expect(message.toString('latin1').endsWith(body)).toBe(true);
  return first.deliveryId;
}

describe('what the source knows of', () => {
  test('2.6.13 what the receiver does not name is sent to whoever comes first', async () => {
    const link = await suspended(2);
    const { client, attach } = await resume(link, {});
    expect(attach.unsettled ?? {}).toEqual({});
    await client.expectSilence();
    client.send(credit(5));
    const again = await client.expect('transfer', { deliveryId: 0 });
    expect(again.resume ?? false).toBe(false);
    expect(await contentsOf(link.queue)).toEqual([]);
    await client.expect('transfer', { deliveryId: 1 });
  });

  test('2.6.13 what comes to others is not the first attempt', async () => {
    const link = await suspended(1);
    await resume(link, {});
    const other = await session();
    await other.attachReceiver(link.queue);
    other.send(credit(1));
    const { payload } = await other.expect('transfer');
    // A header with first-acquirer false and a delivery-count of 1 (part 3.2.1).
    expect(payload.toString('hex').startsWith('005370c0080542500440425201')).toBe(true);
  });

  test.each([
    ['no state', null],
    ['received', { kind: 'received', sectionNumber: 1, sectionOffset: 3 }],
    ['nothing yet', { kind: 'received', sectionNumber: 0, sectionOffset: 0 }],
  ] as const)(
    '2.6.13 3.4.1 3.4.6 a delivery with %s at the receiver is resumed',
    async (_, state) => {
      const link = await suspended(1);
      const [tag = ''] = link.tags;
      const { client, attach } = await resume(link, { [tag]: state });
      expect(attach.unsettled).toEqual({ [tag]: null });
      const id = await expectRepeated(client, tag, '0');
      await client.expectSilence();
      client.send(disposition(id, 'accepted'));
      await client.expectSilence();
      await client.drop();
      expect(await contentsOf(link.queue)).toEqual([]);
    },
  );

  test.each([
    ['accepted', 'accepted', []],
    ['rejected', 'rejected', []],
    ['released', 'released', ['0']],
    ['modified', MODIFIED, ['0']],
  ] as const)('2.6.13 3.4 3.4.6 an outcome at the receiver is settled: %s', async (...row) => {
    const [kind, state, rest] = row;
    const link = await suspended(1);
    const [tag = ''] = link.tags;
    const { client } = await resume(link, { [tag]: state });
    const frame = await client.expect('transfer', { resume: true, settled: true, state: { kind } });
    expect([tagOf(frame), frame.payload.length, frame.more ?? false]).toEqual([tag, 0, false]);
    expect(await contentsOf(link.queue)).toEqual(rest);
    await client.expectSilence();
  });

  test('2.6.13 a large outcome comes back in short', async () => {
    const link = await suspended(1);
    const [tag = ''] = link.tags;
    const error = { condition: 'amqp:internal-error', description: 'x'.repeat(5000) };
    const { client } = await resume(
      link,
      { [tag]: { kind: 'rejected', error } },
      { open: { maxFrameSize: 512 } },
    );
    const { bytes } = await client.expect('transfer', { state: { kind: 'rejected' } });
    expect(bytes.length).toBeLessThanOrEqual(512);
  });

  test('2.6.13 all of that in one attach', async () => {
    const link = await suspended(6);
    const [none = '', received = '', accepted = '', rejected = '', , released = ''] = link.tags;
    const { client, attach } = await resume(link, {
      [none]: null,
      [received]: { kind: 'received', sectionNumber: 0, sectionOffset: 1 },
      [accepted]: 'accepted',
      [rejected]: 'rejected',
      [released]: 'released',
      unknown: 'accepted',
    });
    const named = [none, received, accepted, rejected, released].sort();
    expect(Object.keys(attach.unsettled).sort()).toEqual(named);
    const frames = await client.take(7);
    const settled = frames.filter((frame) => frame.settled === true).map(tagOf);
    expect(settled.sort()).toEqual([accepted, rejected, released].sort());
    const resumed = frames.filter((frame) => frame.resume && !frame.settled).map(tagOf);
    expect(resumed).toEqual([none, received]);
    expect(await contentsOf(link.queue)).toEqual(['4', '5']);
    await client.expectSilence();
  });
});

describe('what only the receiver knows of', () => {
  test('2.6.13 it is settled: nothing comes of it', async () => {
    const link = await suspended(1);
    const { client, attach } = await resume(link, {
      stranger: null,
      other: 'accepted',
      ...Object.fromEntries(link.tags.map((tag) => [tag, 'accepted'])),
    });
    expect(Object.keys(attach.unsettled)).toEqual(link.tags);
    await client.expect('transfer', { resume: true, settled: true });
    await client.expectSilence();
  });

  test('2.6.13 a link that is new has nothing to resume', async () => {
    const { client, attach } = await resume(
      { containerId: name('container'), queue: name('queue'), tags: [] },
      { stranger: null, other: 'accepted' },
    );
    expect(attach.unsettled ?? {}).toEqual({});
    await client.expectSilence();
  });
});

describe('links that are resumed', () => {
  test('2.7.3 without unsettled deliveries the link begins anew, and what it had goes back', async () => {
    const link = await suspended(2);
    const client = await connect({ containerId: link.containerId });
    await client.begin();
    const attach = await client.attachReceiver(link.queue, lasting(link.queue));
    expect(attach.unsettled).toBeUndefined();
    expect(await contentsOf(link.queue)).toEqual(['0', '1']);
  });

  test('2.6.4 2.6.13 a link is resumed in the session in which it was detached', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await session();
    await client.attachReceiver(queue, lasting(queue));
    client.send(credit(1));
    const tag = tagOf(await client.expect('transfer', { deliveryId: 0 }));
    client.send(amqp.detach());
    await client.expect('detach', { closed: false });
    await client.attachReceiver(queue, { ...lasting(queue), unsettled: { [tag]: null } });
    expect(await expectRepeated(client, tag, 'a')).toBe(1);
    // The id that it had stands for nothing any more.
    client.send(disposition(0, 'accepted'));
    await client.expectSilence();
    client.send(disposition(1, 'released'));
    await client.expectSilence();
    await client.drop();
    expect(await contentsOf(queue)).toEqual(['a']);
  });

  test('2.6.1 2.6.13 a link that is stolen is resumed with what it had', async () => {
    const containerId = name('container');
    const queue = name('queue');
    await fill(queue, text('a'), text('b'));
    const first = await connect({ containerId });
    await first.begin();
    await first.attachReceiver(queue, lasting(queue));
    first.send(credit(2));
    const [a = '', b = ''] = (await first.take(2)).map(tagOf);
    const link = { containerId, queue, tags: [a, b] };
    const { client } = await resume(link, { [a]: 'accepted', [b]: null });
    await first.expectDetach('amqp:link:stolen');
    const frames = await client.take(3);
    expect(frames.filter(({ settled }) => settled === true).map(tagOf)).toEqual([a]);
    // Its deliveries are not its own any more.
    first.send(amqp.disposition({ role: true, first: 0, last: 1, settled: true }));
    await first.expectSilence();
    await client.close();
    fixture.server.skip(10 * 60_000);
    expect(await contentsOf(queue)).toEqual(['b']);
  });

  test('2.6.13 a link is resumed any number of times', async () => {
    const link = await suspended(1);
    const [tag = ''] = link.tags;
    for (let round = 0; round < 3; round++) {
      const { client } = await resume(link, { [tag]: null });
      await expectRepeated(client, tag, '0');
      await client.drop();
    }
    const { client } = await resume(link, { [tag]: 'accepted' });
    await client.expect('transfer', { settled: true });
  });

  test('2.6.13 new deliveries come behind those that are resumed', async () => {
    const link = await suspended(1);
    const [tag = ''] = link.tags;
    await fill(link.queue, text('n'));
    const { client } = await resume(link, { [tag]: null });
    client.send(credit(1));
    await expectRepeated(client, tag, '0');
    const next = await client.expect('transfer', { deliveryId: 1 });
    expect(next.resume ?? false).toBe(false);
    expect(next.payload.toString('latin1').endsWith('n')).toBe(true);
  });

  test('2.5.6 2.6.13 resumed deliveries keep to the window, and do not mix', async () => {
    const body = (index: number) => `${index}`.repeat(700);
    const link = await suspended(3, body);
    const client = await connect({ containerId: link.containerId, maxFrameSize: 512 });
    await client.begin({ incomingWindow: 1 });
    const unsettled = Object.fromEntries(link.tags.map((tag) => [tag, null]));
    await client.attachReceiver(link.queue, { ...lasting(link.queue), unsettled });
    const bodies = ['', '', ''];
    let delivery = -1;
    for (let received = 1; delivery < 2 || !bodies[2]?.endsWith(body(2)); received++) {
      const frame = await client.expect('transfer');
      if (frame.resume === true) delivery = frame.deliveryId;
      bodies[delivery] += frame.payload.toString('latin1');
      await client.expectSilence();
      client.send(amqp.flow({ nextIncomingId: received, incomingWindow: 1 }));
    }
    for (const [index, all] of bodies.entries()) expect(all.endsWith(body(index))).toBe(true);
    await client.expectSilence();
  });

  test('2.6.3 with another source the link begins anew, and what it had goes back', async () => {
    const link = await suspended(1);
    const other = name('queue');
    const unsettled = Object.fromEntries(link.tags.map((tag) => [tag, null]));
    const { client, attach } = await resume({ ...link, queue: other }, unsettled);
    expect(attach).toMatchObject({ source: { address: other } });
    expect(attach.unsettled ?? {}).toEqual({});
    await client.expectSilence();
    expect(await contentsOf(link.queue)).toEqual(['0']);
  });

  test('2.6.3 when the link cannot be attached, what it had goes back', async () => {
    const link = await suspended(1);
    const client = await connect({ containerId: link.containerId });
    await client.begin();
    const unsettled = Object.fromEntries(link.tags.map((tag) => [tag, null]));
    client.send(amqp.attach({ ...lasting('secret.a'), role: true, target: {}, unsettled }));
    await client.expect('attach');
    await client.expectDetach('amqp:unauthorized-access');
    expect(await contentsOf(link.queue)).toEqual(['0']);
  });

  test('2.6.13 what became of a queue that is gone is nothing', async () => {
    const link = await suspended(1);
    const { broker } = fixture.server;
    broker.deleteQueue(broker.queue(broker.addresses.get('queue', link.queue), false));
    const { client, attach } = await resume(link, { [link.tags[0] ?? '']: null });
    expect(attach.unsettled ?? {}).toEqual({});
    client.send(credit(1));
    await client.expectSilence();
  });

  test('2.6.3 2.6.13 a durable subscription is resumed with its link', async () => {
    const containerId = name('container');
    const topic = name('topic');
    const fields = {
      name: 'durable',
      source: { address: topic, durable: 2, expiryPolicy: 'never', capabilities: ['topic'] },
    };
    const first = await connect({ containerId });
    await first.begin();
    await first.attachReceiver(topic, fields);
    first.send(credit(1));
    await fill(`topic://${topic}`, text('a'), text('b'));
    const tag = tagOf(await first.expect('transfer'));
    await first.drop();
    const client = await connect({ containerId });
    await client.begin();
    await client.attachReceiver(topic, { ...fields, unsettled: { [tag]: null } });
    await expectRepeated(client, tag, 'a');
    client.send(credit(1));
    const { payload } = await client.expect('transfer');
    expect(payload.toString('latin1').endsWith('b')).toBe(true);
  });

  test('2.6.4 a link that is not resumed in time gives back what it had', async () => {
    const link = await suspended(1);
    fixture.server.skip(10 * 60_000);
    expect(await contentsOf(link.queue)).toEqual(['0']);
    const { client, attach } = await resume(link, { [link.tags[0] ?? '']: null });
    expect(attach.unsettled ?? {}).toEqual({});
    await client.expectSilence();
  });
});

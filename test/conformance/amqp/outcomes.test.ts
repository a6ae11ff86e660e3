import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { Raw, type StateFields } from '../../support/raw-amqp-composites.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type RawFrame } from '../../support/raw-amqp-frames.js';
import { encodeMessage, text } from '../../support/raw-amqp-message.js';
import { receivedMessage } from '../../support/raw-amqp-sections.js';
import {
  boolean,
  described,
  EMPTY_LIST,
  list,
  map,
  symbol,
  ubyte,
} from '../../support/raw-amqp-values.js';

const fixture = useAmqpServer({
  policies: [{ destination: 'queue://twice', maxDeliveries: 2 }],
  limits: { amendmentBytesMax: 2000 },
});
const { connect, fill, name, session } = fixture;

const bodyOf = ({ payload }: RawFrame): string => receivedMessage(payload).bare.toString('hex');
const annotationsOf = ({ payload }: RawFrame) => receivedMessage(payload).annotations;
const failuresOf = ({ payload }: RawFrame) => receivedMessage(payload).failures;
const hexOf = (message: Buffer): string => message.toString('hex');

/** A session with a receiver of an address, that has some credit. */
async function receiver(address: string, linkCredit = 1): Promise<RawAmqp> {
  const client = await session();
  await client.attachReceiver(address);
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit }));
  return client;
}

/** The next delivery, and more credit for another. */
async function delivery(client: RawAmqp): Promise<RawFrame> {
  const transfer = await client.expect('transfer');
  const deliveryCount = transfer.deliveryId + 1;
  client.send(amqp.flow({ handle: 0, deliveryCount, linkCredit: 1 }));
  return transfer;
}

function settle(client: RawAmqp, { deliveryId }: RawFrame, state?: StateFields): void {
  client.send(amqp.disposition({ role: true, first: deliveryId, settled: true, state }));
}

/** The dead letter that comes from a queue, and is gone with that. */
async function deadLetterOf(queue: string): Promise<RawFrame> {
  const client = await receiver('DLQ');
  for (let deliveryCount = 1; ; deliveryCount++) {
    const letter = await client.expect('transfer');
    settle(client, letter, 'accepted');
    await client.expectSilence();
    if (annotationsOf(letter)['x-opt-dead-letter-origin'] === `queue://${queue}`) return letter;
    client.send(amqp.flow({ handle: 0, deliveryCount, linkCredit: 1 }));
  }
}

describe('outcomes', () => {
  test('3.4.1 received settles nothing', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue);
    const { deliveryId } = await delivery(client);
    const state = { kind: 'received', sectionNumber: 0, sectionOffset: 0 };
    client.send(amqp.disposition({ role: true, first: deliveryId, state }));
    await client.expectSilence();
    await client.drop();
    expect(failuresOf(await delivery(await receiver(queue)))).toBeGreaterThan(0);
  });

  test.each(['accepted', 'released', 'rejected', 'modified'] as const)(
    '3.4.2 to 3.4.5 %s that is not settled is repeated, and settled',
    async (state) => {
      const queue = name('queue');
      await fill(queue, text('a'));
      const client = await receiver(queue, 1);
      const { deliveryId } = await client.expect('transfer');
      client.send(amqp.disposition({ role: true, first: deliveryId, state }));
      await client.expect('disposition', {
        role: false,
        first: deliveryId,
        settled: true,
        state: { kind: state },
      });
    },
  );

  test('3.4.2 accepted messages are gone', async () => {
    const queue = name('queue');
    await fill(queue, text('a'), text('b'));
    const client = await receiver(queue);
    settle(client, await delivery(client), 'accepted');
    const next = await delivery(client);
    expect(bodyOf(next)).toBe(hexOf(text('b')));
  });

  test('3.4.3 a rejected message becomes a dead letter that says why', async () => {
    const queue = name('queue');
    await fill(queue, text('bad'));
    const client = await receiver(queue);
    const error = { condition: 'shop:unknown', description: 'nobody knows it' };
    settle(client, await delivery(client), { kind: 'rejected', error });
    const letter = await deadLetterOf(queue);
    expect(bodyOf(letter)).toBe(hexOf(text('bad')));
    expect(annotationsOf(letter)).toMatchObject({
      'x-opt-dead-letter-reason': 'shop:unknown: nobody knows it',
      'x-opt-dead-letter-origin': `queue://${queue}`,
      'x-opt-dead-letter-delivery-count': '0',
    });
  });

  test('3.4.4 a released message comes back in its place, and nothing is counted', async () => {
    const queue = name('queue');
    await fill(queue, text('a'), text('b'));
    const client = await receiver(queue, 1);
    settle(client, await delivery(client), 'released');
    const again = await delivery(client);
    expect(bodyOf(again)).toBe(hexOf(text('a')));
    expect(failuresOf(again)).toBe(0);
  });

  test('3.5.3 the default outcome applies when a delivery is settled without one', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await session();
    const defaultOutcome = { kind: 'modified', deliveryFailed: true };
    const { source } = await client.attachReceiver(queue, {
      source: { address: queue, defaultOutcome },
    });
    expect(source.defaultOutcome).toMatchObject(defaultOutcome);
    expect(source.outcomes).toEqual([
      'amqp:accepted:list',
      'amqp:rejected:list',
      'amqp:released:list',
      'amqp:modified:list',
    ]);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    settle(client, await delivery(client));
    expect(failuresOf(await delivery(client))).toBe(1);
  });

  test('3.5.3 without a default outcome what is settled without one is released', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue);
    settle(client, await delivery(client));
    expect(failuresOf(await delivery(client))).toBe(0);
  });
});

describe('modified', () => {
  test('3.4.5 without fields is as released', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue);
    settle(client, await delivery(client), 'modified');
    expect(failuresOf(await delivery(client))).toBe(0);
  });

  test('3.4.5 delivery-failed counts', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue);
    for (let count = 0; count < 3; count++) {
      const transfer = await delivery(client);
      expect(failuresOf(transfer)).toBe(count);
      settle(client, transfer, { kind: 'modified', deliveryFailed: true });
    }
  });

  test('3.4.5 undeliverable-here makes a dead letter', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue);
    settle(client, await delivery(client), { kind: 'modified', undeliverableHere: true });
    const letter = await deadLetterOf(queue);
    expect(annotationsOf(letter)['x-opt-dead-letter-reason']).toBe('undeliverable');
  });

  test('3.4.5 message-annotations are combined with those of the message, key by key', async () => {
    const queue = name('queue');
    const messageAnnotations = { 'x-opt-kept': 'kept', 'x-opt-changed': 'before' };
    const message = encodeMessage({
      messageAnnotations,
      applicationProperties: { a: 1 },
      value: 2,
    });
    await fill(queue, message);
    const client = await receiver(queue);
    settle(client, await delivery(client), {
      kind: 'modified',
      messageAnnotations: { 'x-opt-changed': 'after', 'x-opt-new': 7 },
    });
    const second = await delivery(client);
    expect(annotationsOf(second)).toEqual({
      'x-opt-kept': 'kept',
      'x-opt-changed': 'after',
      'x-opt-new': 7,
    });
    expect(hexOf(message).endsWith(bodyOf(second))).toBe(true);
    settle(client, second, { kind: 'modified', messageAnnotations: { 'x-opt-new': 8 } });
    expect(annotationsOf(await delivery(client))).toMatchObject({
      'x-opt-changed': 'after',
      'x-opt-new': 8,
    });
    await client.drop();
    // They are of the message, whoever gets it next.
    const other = await receiver(queue);
    expect(annotationsOf(await delivery(other))).toMatchObject({ 'x-opt-new': 8 });
  });

  test('3.4.5 values keep their types, those of the sender as well', async () => {
    const queue = name('queue');
    const own = described(0x72, map(symbol('x-opt-own'), ubyte(5)));
    await fill(queue, Buffer.concat([own, text('a')]));
    const client = await receiver(queue);
    const added = map(symbol('x-opt-added'), Buffer.from('6007d0', 'hex'));
    settle(client, await delivery(client), {
      kind: 'modified',
      messageAnnotations: new Raw(added),
    });
    const { payload } = await delivery(client);
    expect(payload.includes(ubyte(5))).toBe(true);
    expect(payload.includes(Buffer.from('6007d0', 'hex'))).toBe(true);
  });

  test('3.4.5 a browser and a receiver that settles nothing see the annotations', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue);
    settle(client, await delivery(client), {
      kind: 'modified',
      messageAnnotations: { 'x-opt-new': 'seen' },
    });
    await delivery(client);
    await client.drop();
    const browser = await session();
    const source = { address: queue, distributionMode: 'copy' };
    await browser.attachReceiver(queue, { source });
    browser.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    expect(annotationsOf(await browser.expect('transfer'))).toEqual({ 'x-opt-new': 'seen' });
    const settled = await session();
    await settled.attachReceiver(queue, { sndSettleMode: 1 });
    settled.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    expect(annotationsOf(await settled.expect('transfer'))).toEqual({ 'x-opt-new': 'seen' });
  });

  test('3.4.5 the annotations go with the message to the dead letters, and over a restart', async () => {
    const queue = name('queue');
    await fill(queue, text('a', { durable: true }));
    const client = await receiver(queue);
    settle(client, await delivery(client), {
      kind: 'modified',
      messageAnnotations: { 'x-opt-tried': 'once' },
    });
    settle(client, await delivery(client), {
      kind: 'modified',
      undeliverableHere: true,
      messageAnnotations: { 'x-opt-last': 'words' },
    });
    await client.expectSilence();
    await fixture.server.restart();
    const letter = await deadLetterOf(queue);
    expect(annotationsOf(letter)).toMatchObject({
      'x-opt-tried': 'once',
      'x-opt-last': 'words',
      'x-opt-dead-letter-reason': 'undeliverable',
    });
  });

  test('3.4.5 nobody forges what the broker says of dead letters', async () => {
    const queue = 'twice';
    await fill(queue, text('a'));
    const client = await receiver(queue);
    for (let count = 0; count < 2; count++) {
      settle(client, await delivery(client), {
        kind: 'modified',
        deliveryFailed: true,
        messageAnnotations: { 'x-opt-dead-letter-reason': 'none', 'x-opt-dead-letter-x': 1 },
      });
    }
    const letter = await deadLetterOf(queue);
    expect(annotationsOf(letter)['x-opt-dead-letter-reason']).toBe('delivery limit reached');
    expect(annotationsOf(letter)).not.toHaveProperty('x-opt-dead-letter-x');
  });

  test('3.4.5 in a transaction the annotations count when it is discharged', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue, 1);
    const transfer = await client.expect('transfer');
    client.send(
      amqp.attach({
        name: 'coordinator',
        handle: 1,
        role: false,
        target: { kind: 'coordinator' },
        initialDeliveryCount: 0,
      }),
    );
    await client.expect('attach', { handle: 1 });
    await client.expect('flow');
    const declare = described(0x77, described(0x31, EMPTY_LIST));
    client.send(amqp.transfer({ handle: 1, deliveryId: 0, deliveryTag: 'd' }, declare));
    const { txnId } = (await client.expect('disposition')).state;
    const outcome = { kind: 'modified', messageAnnotations: { 'x-opt-new': 'done' } };
    settle(client, transfer, { kind: 'transactionalState', txnId, outcome });
    const discharge = described(
      0x77,
      described(0x32, list(Buffer.concat([Buffer.of(0xa0, 8), txnId]), boolean(false))),
    );
    client.send(amqp.transfer({ handle: 1, deliveryId: 1, deliveryTag: 'e' }, discharge));
    await client.expect('disposition', { state: { kind: 'accepted' } });
    client.send(amqp.flow({ handle: 0, deliveryCount: 1, linkCredit: 1 }));
    expect(annotationsOf(await client.expect('transfer'))).toEqual({ 'x-opt-new': 'done' });
  });

  test('3.4.5 annotations may be larger than a frame of the next receiver', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue);
    settle(client, await delivery(client), {
      kind: 'modified',
      messageAnnotations: { 'x-opt-long': 'x'.repeat(1500) },
    });
    await delivery(client);
    await client.drop();
    const small = await useSmallFrames(queue);
    const frames: RawFrame[] = [await small.expect('transfer')];
    while (frames.at(-1)!.more === true) frames.push(await small.expect('transfer'));
    const payload = Buffer.concat(frames.map((frame) => frame.payload));
    expect(frames.length).toBeGreaterThan(2);
    expect(annotationsOf({ ...frames[0]!, payload })).toEqual({ 'x-opt-long': 'x'.repeat(1500) });
  });

  test('3.4.5 what goes beyond amendmentBytesMax is left out, and the message comes', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue);
    settle(client, await delivery(client), {
      kind: 'modified',
      messageAnnotations: { 'x-opt-small': 1 },
    });
    settle(client, await delivery(client), {
      kind: 'modified',
      deliveryFailed: true,
      messageAnnotations: { 'x-opt-large': 'x'.repeat(2000) },
    });
    const transfer = await delivery(client);
    expect(annotationsOf(transfer)).toEqual({ 'x-opt-small': 1 });
    expect(failuresOf(transfer)).toBe(1);
  });

  test.each([
    ['a list', EMPTY_LIST],
    ['a key without a value', Buffer.from('c10401a30161', 'hex')],
    ['a value that goes on after the end', Buffer.from('c10602a30161a104', 'hex')],
  ])('3.4.5 message-annotations that are %s are undecodable', async (_, wrong) => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await receiver(queue, 1);
    const transfer = await client.expect('transfer');
    settle(client, transfer, { kind: 'modified', messageAnnotations: new Raw(wrong) });
    await client.expectClose('amqp:decode-error');
    expect(bodyOf(await delivery(await receiver(queue)))).toBe(hexOf(text('a')));
  });

  test('3.4.3 a message without any section can be a dead letter, too', async () => {
    const queue = name('queue');
    await fill(queue, Buffer.alloc(0));
    const client = await receiver(queue);
    settle(client, await delivery(client), 'rejected');
    const letter = await deadLetterOf(queue);
    expect(annotationsOf(letter)).toHaveProperty('x-opt-dead-letter-reason');
  });
});

async function useSmallFrames(queue: string): Promise<RawAmqp> {
  const client = await connect({ maxFrameSize: 512 });
  await client.begin();
  await client.attachReceiver(queue);
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
  return client;
}

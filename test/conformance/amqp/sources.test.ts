import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';
import { encodeMessage, text } from '../../support/raw-amqp-message.js';
import { receivedMessage } from '../../support/raw-amqp-sections.js';
import { DescribedValue } from '../../support/raw-amqp-values.js';

const { fill, name, session } = useAmqpServer({ limits: { terminusBytesMax: 2000 } });

const SELECTOR = 0x0000_468c_0000_0004;
const NO_LOCAL = 0x0000_468c_0000_0003;

const credit = (linkCredit: number): Buffer =>
  amqp.flow({ handle: 0, deliveryCount: 0, linkCredit });

async function receiver(address: string, linkCredit = 1, source = {}): Promise<RawAmqp> {
  const client = await session();
  await client.attachReceiver(address, { source: { address, ...source } });
  client.send(credit(linkCredit));
  return client;
}

/** The messages of the next transfers. */
async function messages(client: RawAmqp, count: number): Promise<string[]> {
  const bodies: string[] = [];
  while (bodies.length < count) {
    const { payload } = await client.expect('transfer');
    bodies.push(receivedMessage(payload).bare.toString('hex'));
  }
  return bodies;
}

const hexOf = (...texts: string[]): string[] => texts.map((value) => text(value).toString('hex'));

describe('a distribution node', () => {
  test('3.3 each message goes to one of the consumers of a queue', async () => {
    const queue = name('queue');
    const [one, other] = [await receiver(queue), await receiver(queue)];
    await fill(queue, text('a'), text('b'));
    const got = [...(await messages(one, 1)), ...(await messages(other, 1))];
    expect(got.sort()).toEqual(hexOf('a', 'b').sort());
    await one.expectSilence();
  });

  test('3.3.1 what one has acquired nobody else gets, until it is released or archived', async () => {
    const queue = name('queue');
    await fill(queue, text('a'), text('b'));
    const one = await receiver(queue, 2);
    const [first, second] = [await one.expect('transfer'), await one.expect('transfer')];
    const other = await receiver(queue, 2);
    await other.expectSilence();
    const settled = { role: true, settled: true };
    one.send(amqp.disposition({ ...settled, first: first.deliveryId, state: 'accepted' }));
    await other.expectSilence();
    one.send(amqp.disposition({ ...settled, first: second.deliveryId, state: 'released' }));
    expect(await messages(other, 1)).toEqual(hexOf('b'));
  });
});

describe('distribution modes', () => {
  test('3.5.2 3.5.7 move takes messages away, and is said to unless asked for otherwise', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    for (const distributionMode of [undefined, 'move']) {
      const client = await session();
      const { source } = await client.attachReceiver(queue, {
        source: { address: queue, distributionMode },
      });
      expect(source.distributionMode).toBe('move');
      await client.close();
    }
    await messages(await receiver(queue, 1, { distributionMode: 'move' }), 1);
    await (await receiver(queue)).expectSilence();
  });

  test('3.5.2 3.5.7 copy leaves them to others', async () => {
    const queue = name('queue');
    await fill(queue, text('a'), text('b'));
    const client = await session();
    const { source } = await client.attachReceiver(queue, {
      source: { address: queue, distributionMode: 'copy' },
    });
    expect(source.distributionMode).toBe('copy');
    client.send(credit(5));
    expect(await messages(client, 2)).toEqual(hexOf('a', 'b'));
    expect(await messages(await receiver(queue, 2), 2)).toEqual(hexOf('a', 'b'));
  });

  test('3.5.2 a topic gives everybody a copy', async () => {
    const client = await session();
    const topic = `topic://${name('topic')}`;
    expect((await client.attachReceiver(topic)).source.distributionMode).toBe('copy');
  });

  test('3.5.7 others are refused', async () => {
    const client = await session();
    const source = { address: name('queue'), distributionMode: 'share' };
    client.send(amqp.attach({ name: 'a', role: true, source }));
    expect((await client.expect('attach')).source).toBeUndefined();
    await client.expectDetach('amqp:not-implemented');
  });
});

describe('filters', () => {
  const selector = (value: string) => ({ 'my-filter': new DescribedValue(SELECTOR, value) });

  test('3.5.1 3.5.8 a selector is in force, under the name that the client gave it', async () => {
    const queue = name('queue');
    const message = (color: string) =>
      encodeMessage({ applicationProperties: { color }, value: color });
    await fill(queue, message('red'), message('blue'));
    const client = await session();
    const filter = selector("color = 'blue'");
    const { source } = await client.attachReceiver(queue, { source: { address: queue, filter } });
    expect(source.filter).toEqual(filter);
    client.send(credit(2));
    expect(await messages(client, 1)).toEqual([message('blue').toString('hex')]);
    await client.expectSilence();
  });

  test('3.5.8 a descriptor may be a symbol', async () => {
    const client = await session();
    const queue = name('queue');
    const symbolic = new DescribedValue('apache.org:selector-filter:string', 'a = 1');
    const filter = { selector: symbolic };
    const { source } = await client.attachReceiver(queue, { source: { address: queue, filter } });
    expect(source.filter).toEqual(filter);
  });

  test('3.5.1 3.5.3 filters that are not known are not in the answer, and do nothing', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const client = await session();
    const filter = {
      unknown: new DescribedValue('shop:filter:string', 'none'),
      plain: 'not described',
      ...selector('color IS NULL'),
    };
    const { source } = await client.attachReceiver(queue, { source: { address: queue, filter } });
    expect(source.filter).toEqual(selector('color IS NULL'));
    const none = await session();
    const { unknown } = filter;
    const attached = await none.attachReceiver(queue, {
      source: { address: queue, filter: { unknown } },
    });
    expect(attached.source.filter).toBeUndefined();
    none.send(credit(1));
    expect(await messages(none, 1)).toEqual(hexOf('a'));
  });

  test.each([
    ['that cannot be parsed', 'a ='],
    ['that is no text', 7],
  ])('3.5.1 a selector %s is refused', async (_, value) => {
    const client = await session();
    const filter = { selector: new DescribedValue(SELECTOR, value) };
    client.send(amqp.attach({ name: 'a', role: true, source: { address: name('queue'), filter } }));
    await client.expect('attach');
    await client.expectDetach('amqp:invalid-field');
  });

  test('3.5.1 no-local keeps what the same connection sends away, in topics only', async () => {
    const topic = `topic://${name('topic')}`;
    const filter = { 'no-local': new DescribedValue(NO_LOCAL, []) };
    const client = await session();
    const { source } = await client.attachReceiver(topic, { source: { address: topic, filter } });
    expect(source.filter).toEqual(filter);
    client.send(credit(2));
    await client.attachSender(topic, { handle: 1 });
    client.send(amqp.transfer({ handle: 1, deliveryId: 0, deliveryTag: 'a' }, text('own')));
    await client.expect('disposition');
    await fill(topic, text('others'));
    expect(await messages(client, 1)).toEqual(hexOf('others'));
    const queue = await session();
    queue.send(amqp.attach({ name: 'a', role: true, source: { address: name('queue'), filter } }));
    await queue.expect('attach');
    await queue.expectDetach('amqp:not-implemented');
  });
});

describe('termini', () => {
  test('3.5.3 3.5 the source is answered as it is: with its kind, and what was asked for', async () => {
    const client = await session();
    const queue = name('queue');
    const asked = { address: queue, durable: 1, timeout: 5, expiryPolicy: 'never' };
    const { source } = await client.attachReceiver(queue, { source: asked });
    expect(source).toMatchObject({ ...asked, dynamic: false, capabilities: ['queue'] });
  });

  test('3.5.4 so is the target', async () => {
    const client = await session();
    const asked = { address: name('queue'), durable: 1, timeout: 5, expiryPolicy: 'never' };
    client.send(amqp.attach({ name: 'a', role: false, target: asked, initialDeliveryCount: 0 }));
    const { target } = await client.expect('attach');
    expect(target).toMatchObject({ ...asked, dynamic: false, capabilities: ['queue'] });
  });

  test.each(['queue', 'topic'])('3.5.3 3.5.4 a capability says that it is a %s', async (kind) => {
    const client = await session();
    const address = name('node');
    const source = { address, capabilities: [kind] };
    const attached = await client.attachReceiver(address, { source });
    expect(attached.source.capabilities).toEqual([kind]);
    client.send(credit(1));
    await client.attachSender(`${kind}://${address}`, { handle: 1 });
    client.send(amqp.transfer({ handle: 1, deliveryId: 0, deliveryTag: 'a' }, text('a')));
    const kinds = (await client.take(2)).map((frame) => frame.kind);
    expect(kinds.sort()).toEqual(['disposition', 'transfer']);
  });

  test('3.5.3 a source without an address that is not dynamic is refused', async () => {
    const client = await session();
    client.send(amqp.attach({ name: 'a', role: true, source: {} }));
    await client.expect('attach');
    await client.expectDetach('amqp:invalid-field');
  });

  test('3.5.9 what a link keeps of both is bounded', async () => {
    const client = await session();
    const address = name('queue');
    const large = { 'x-large': 'x'.repeat(2000) };
    const terminus = { dynamic: true, dynamicNodeProperties: large };
    client.send(
      amqp.attach({ name: 'a', handle: 0, role: true, source: terminus }),
      amqp.attach({
        name: 'b',
        handle: 1,
        role: false,
        target: { address, capabilities: Array.from({ length: 200 }, (_, n) => `capability-${n}`) },
        initialDeliveryCount: 0,
      }),
    );
    for (const handle of [0, 1]) {
      await client.expect('attach', { handle });
      await client.expectDetach('amqp:resource-limit-exceeded', handle);
    }
    await client.attachReceiver(address, { handle: 2 });
  });
});

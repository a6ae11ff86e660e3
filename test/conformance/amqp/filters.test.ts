import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';
import { encodeMessage } from '../../support/raw-amqp-message.js';
import { DescribedValue, decodeValues, type Value } from '../../support/raw-amqp-values.js';

const { connect, fill, name, session } = useAmqpServer();

/** Registered by Apache Qpid, as numbers and as symbols. */
const SELECTOR = 0x468c00000004;
const SELECTOR_NAME = 'apache.org:selector-filter:string';
const NO_LOCAL = 0x468c00000003;
const NO_LOCAL_NAME = 'apache.org:no-local-filter:list';

type Filters = Readonly<Record<string, Value>>;

const red = encodeMessage({ applicationProperties: { color: 'red' }, value: 'red' });
const blue = encodeMessage({ applicationProperties: { color: 'blue' }, value: 'blue' });

/** Attaches a receiver with filters; returns those that are in force. */
async function attach(client: RawAmqp, address: string, filter: Filters): Promise<Filters> {
  const { source } = await client.attachReceiver(address, { source: { address, filter } });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10, drain: true }));
  return source.filter ?? {};
}

/** The bodies that come before the credit is used up. */
async function bodies(client: RawAmqp): Promise<Value[]> {
  const found: Value[] = [];
  let frame = await client.next();
  for (; frame.kind === 'transfer'; frame = await client.next()) {
    found.push((decodeValues(frame.payload).at(-1) as DescribedValue).value);
  }
  expect(frame).toMatchObject({ kind: 'flow', linkCredit: 0 });
  return found;
}

describe('3.5.1 filters that are known', () => {
  test.each([
    ['a number', SELECTOR],
    ['a symbol', SELECTOR_NAME],
  ])('3.5.1 3.5.8 a selector, whose descriptor is %s, is in force and answered', async (...row) => {
    const [, descriptor] = row;
    const queue = name('queue');
    await fill(queue, red, blue, red);
    const client = await session();
    const filter = { any: new DescribedValue(descriptor, "color = 'red'") };
    expect(await attach(client, queue, filter)).toEqual(filter);
    expect(await bodies(client)).toEqual(['red', 'red']);
  });

  test('3.5.1 what does not match stays for others', async () => {
    const queue = name('queue');
    await fill(queue, red, blue);
    const client = await session();
    await attach(client, queue, { selector: new DescribedValue(SELECTOR, "color = 'blue'") });
    expect(await bodies(client)).toEqual(['blue']);
    const other = await session();
    await attach(other, queue, {});
    expect(await bodies(other)).toEqual(['red']);
  });

  test.each([NO_LOCAL, NO_LOCAL_NAME])('3.5.1 no-local, as %s', async (descriptor) => {
    const address = `topic://${name('topic')}`;
    const client = await connect();
    await client.begin();
    await client.attachSender(address, { handle: 1 });
    const filter = { own: new DescribedValue(descriptor, []) };
    const source = { address, filter };
    expect((await client.attachReceiver(address, { source })).source.filter).toEqual(filter);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10 }));
    client.send(amqp.transfer({ handle: 1, deliveryId: 0, deliveryTag: 'a', settled: true }, red));
    await client.expectSilence();
    await fill(address, blue);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10, drain: true }));
    expect(await bodies(client)).toEqual(['blue']);
  });

  test('3.5.1 a selector of a topic goes by what comes', async () => {
    const address = `topic://${name('topic')}`;
    const client = await session();
    const filter = { selector: new DescribedValue(SELECTOR, "color = 'red'") };
    const source = { address, filter };
    expect((await client.attachReceiver(address, { source })).source.filter).toEqual(filter);
    await fill(address, blue, red);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10, drain: true }));
    expect(await bodies(client)).toEqual(['red']);
  });

  test('3.5.1 a selector that makes no sense is refused', async () => {
    const client = await session();
    const address = name('queue');
    for (const selector of ['color =', 7]) {
      const filter = { selector: new DescribedValue(SELECTOR, selector) };
      client.send(amqp.attach({ name: 'n', role: true, source: { address, filter }, target: {} }));
      expect((await client.expect('attach')).source).toBeUndefined();
      await client.expectDetach('amqp:invalid-field');
      client.send(amqp.detach({ closed: true }));
    }
  });
});

describe('3.5.8 filters that are not known', () => {
  test.each<[string, Value]>([
    ['of another descriptor', new DescribedValue('example:filter', 'color')],
    ['of another number', new DescribedValue(0x77, 'color')],
    ['without a descriptor', "color = 'red'"],
    ['that is nothing', null],
  ])('3.5.8 one %s is not answered, and filters nothing', async (_, filter) => {
    const queue = name('queue');
    await fill(queue, red, blue);
    const client = await session();
    expect(await attach(client, queue, { filter })).toEqual({});
    expect(await bodies(client)).toEqual(['red', 'blue']);
  });

  test('3.5.8 beside one that is known, which is in force', async () => {
    const queue = name('queue');
    await fill(queue, red, blue);
    const client = await session();
    const known = new DescribedValue(SELECTOR_NAME, "color = 'red'");
    const filter = { known, unknown: new DescribedValue('example:filter', []) };
    expect(await attach(client, queue, filter)).toEqual({ known });
    expect(await bodies(client)).toEqual(['red']);
  });

  test('3.5.1 of several selectors one is in force, and answered', async () => {
    const queue = name('queue');
    await fill(queue, red, blue);
    const client = await session();
    const first = new DescribedValue(SELECTOR, "color = 'red'");
    const filter = { first, second: new DescribedValue(SELECTOR, "color = 'blue'") };
    expect(await attach(client, queue, filter)).toEqual({ first });
    expect(await bodies(client)).toEqual(['red']);
  });
});

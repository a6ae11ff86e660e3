import { describe, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';

const { connect, fill, name, session } = useAmqpServer();

const BODY = Buffer.from('005375a00161', 'hex');
const STOLEN = 'amqp:link:stolen';

const credit = (linkCredit: number, handle = 0, deliveryCount = 0): Buffer =>
  amqp.flow({ handle, deliveryCount, linkCredit });

describe('stealing', () => {
  async function two(containerId: string): Promise<[RawAmqp, RawAmqp]> {
    const first = await connect({ containerId });
    const second = await connect({ containerId });
    await first.begin();
    await second.begin();
    return [first, second];
  }

  test('2.6.1 2.8.18 a link that is attached again in a session is taken over there', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { name: 'mine' });
    client.send(
      amqp.attach({ name: 'mine', handle: 1, role: true, source: { address: queue }, target: {} }),
    );
    await client.expectDetach(STOLEN, 0);
    await client.expect('attach', { name: 'mine', handle: 1 });
    client.send(amqp.detach({ closed: true }), credit(1, 1));
    await fill(queue, BODY);
    await client.expect('transfer', { handle: 1 });
  });

  test('2.6.1 2.8.18 a link moves to another session of its connection', async () => {
    const client = await session();
    await client.begin({ channel: 1 });
    const queue = name('queue');
    await client.attachSender(queue, { name: 'mine' });
    client.send(
      amqp.attach({
        channel: 1,
        name: 'mine',
        role: false,
        target: { address: queue },
        initialDeliveryCount: 0,
      }),
    );
    await client.expectDetach(STOLEN);
    await client.expect('attach', { channel: 1, name: 'mine' });
    await client.expect('flow', { channel: 1, handle: 0 });
  });

  test('2.6.1 2.8.18 a link moves to another connection of its container', async () => {
    const queue = name('queue');
    const [first, second] = await two(name('container'));
    await first.attachReceiver(queue, { name: 'mine' });
    first.send(credit(5));
    await second.attachReceiver(queue, { name: 'mine' });
    second.send(credit(5));
    await first.expectDetach(STOLEN);
    await fill(queue, BODY, BODY);
    await second.expect('transfer');
    await second.expect('transfer');
    await first.expectSilence();
  });

  test('2.6.1 what the former holder had goes to the new one', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const [first, second] = await two(name('container'));
    await first.attachReceiver(queue, { name: 'mine' });
    first.send(credit(1));
    await first.expect('transfer');
    await second.attachReceiver(queue, { name: 'mine' });
    second.send(credit(1));
    await second.expect('transfer');
    await first.expectDetach(STOLEN);
    // Its deliveries are not its own any more.
    first.send(amqp.disposition({ role: true, first: 0, settled: true, state: 'accepted' }));
    await first.expectSilence();
    second.send(amqp.disposition({ role: true, first: 0, settled: true, state: 'released' }));
    await second.expectSilence();
    second.send(credit(1, 0, 1));
    await second.expect('transfer', { deliveryId: 1 });
  });

  test('2.6.1 containers of other names have links of their own', async () => {
    const queue = name('queue');
    const first = await session();
    const second = await session();
    await first.attachReceiver(queue, { name: 'mine' });
    await second.attachReceiver(queue, { name: 'mine' });
    await first.expectSilence();
  });

  test('2.6.1 a link that was detached is not stolen', async () => {
    const [first, second] = await two(name('container'));
    const queue = name('queue');
    await first.attachReceiver(queue, { name: 'mine' });
    first.send(amqp.detach({ closed: true }));
    await first.expect('detach');
    await second.attachReceiver(queue, { name: 'mine' });
    await first.expectSilence();
  });
});

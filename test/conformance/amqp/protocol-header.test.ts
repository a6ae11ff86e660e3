import { expect, test } from 'vitest';
import { AMQP } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, header, rawPerformative } from '../../support/raw-amqp-frames.js';
import { type DescribedValue, decodeValues, list } from '../../support/raw-amqp-values.js';

const { connect, open, name, session } = useAmqpServer();

test('2.2 the header of AMQP 1.0 is answered with the same', async () => {
  const client = await open();
  client.send(header(AMQP));
  await client.expectBytes(header(AMQP));
});

test('2.6.3 a message goes from a sender to a receiver', async () => {
  const queue = name('queue');
  const client = await session();
  await client.attachSender(queue);
  await client.attachReceiver(queue, { handle: 1 });
  client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
  const payload = Buffer.from('005375a00161', 'hex');
  client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, payload));
  const frames = await client.take(2);
  expect(frames.find(({ kind }) => kind === 'disposition')).toMatchObject({
    role: true,
    first: 0,
    settled: true,
    state: { kind: 'accepted' },
  });
  const transfer = frames.find(({ kind }) => kind === 'transfer');
  const sections = decodeValues(transfer?.payload ?? Buffer.alloc(0)) as DescribedValue[];
  expect(sections.map(({ descriptor }) => descriptor)).toEqual([0x70, 0x75]);
  expect(sections[1]?.value).toEqual(Buffer.from('a'));
  await client.expectSilence();
  await client.close();
});

test('2.4.1 open is answered', async () => {
  await (await connect()).close();
});

test('2.7.1 an open without container-id is refused', async () => {
  const client = await open();
  client.send(header(AMQP), rawPerformative('open', list()));
  await client.expectHeader(AMQP);
  await client.expect('open');
  await client.expectClose('amqp:decode-error');
});

import { describe, expect, test } from 'vitest';
import { useAmqpServer } from './amqp-fixture.js';

const { open, queue } = useAmqpServer({
  policies: [{ destination: 'queue://limited', maxDeliveries: 2, deadLetter: 'limited.dead' }],
});

describe('rhea, what a receiver says of a delivery', () => {
  test('accepted is gone', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    const receiver = await peer.receiver(address);
    await sender.send('done');
    expect(await receiver.bodies(1)).toEqual(['done']);
    await receiver.close();
    await sender.send('end');
    expect(await (await peer.receiver(address)).bodies(1)).toEqual(['end']);
  });

  test('released comes back in its place, and is not counted', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    for (const body of ['a', 'b', 'c']) await sender.send(body);
    const receiver = await peer.receiver(address);
    const [a, b, c] = await receiver.inbox.take(3);
    b!.delivery.release();
    const again = await receiver.next();
    expect(again.body).toBe('b');
    expect(again.delivery_count ?? 0).toBe(0);
    a!.delivery.release();
    c!.delivery.release();
    expect(await receiver.bodies(2)).toEqual(['a', 'c']);
  });

  test('modified with delivery-failed comes back, counted', async () => {
    const address = queue();
    const peer = await open();
    await (await peer.sender(address)).send('again');
    const receiver = await peer.receiver(address);
    for (const count of [0, 1, 2]) {
      const { message, delivery } = await receiver.inbox.next();
      expect(message.delivery_count ?? 0).toBe(count);
      delivery.modified({ delivery_failed: true });
    }
    expect((await receiver.next()).delivery_count).toBe(3);
  });

  test('modified with annotations comes back with them, also as a dead letter', async () => {
    const address = queue();
    const peer = await open();
    const own = { 'x-opt-own': 'kept', 'x-opt-changed': 'before' };
    await (await peer.sender(address)).send({ body: 'a', message_annotations: own });
    const receiver = await peer.receiver(address);
    const message_annotations = { 'x-opt-changed': 'after', 'x-opt-tried': 1 };
    (await receiver.inbox.next()).delivery.modified({ message_annotations } as object);
    const again = await receiver.inbox.next();
    expect(again.message).toMatchObject({
      body: 'a',
      message_annotations: { 'x-opt-own': 'kept', ...message_annotations },
    });
    again.delivery.modified({ undeliverable_here: true });
    const letters = await peer.receiver('queue://DLQ');
    const letter = await letters.next();
    await letters.close();
    expect(letter.message_annotations).toMatchObject({
      ...{ 'x-opt-own': 'kept', 'x-opt-tried': 1 },
      'x-opt-dead-letter-origin': address,
    });
  });

  test.each([
    [
      'rejected',
      (delivery: { reject(error: object): void }) =>
        delivery.reject({ condition: 'shop:unknown', description: 'nobody knows it' }),
    ],
    [
      'undeliverable here',
      (delivery: { modified(changes: object): void }) =>
        delivery.modified({ undeliverable_here: true }),
    ],
  ] as const)('%s becomes a dead letter that says where it was', async (_name, settle) => {
    const address = queue();
    const peer = await open();
    await (await peer.sender(address)).send({ body: 'bad', durable: true, subject: 'kept' });
    const receiver = await peer.receiver(address);
    settle((await receiver.inbox.next()).delivery);
    const letters = await peer.receiver('queue://DLQ');
    const letter = await letters.next();
    await letters.close();
    expect(letter).toMatchObject({ body: 'bad', subject: 'kept' });
    const annotations = Object.values(letter.message_annotations ?? {}).join(' ');
    expect(annotations).toContain(address.slice('queue://'.length));
  });

  test('too many failures make a dead letter', async () => {
    const peer = await open();
    await (await peer.sender('queue://limited')).send('too often');
    const receiver = await peer.receiver('queue://limited');
    for (let count = 0; count < 2; count++) {
      (await receiver.inbox.next()).delivery.modified({ delivery_failed: true });
    }
    expect((await (await peer.receiver('queue://limited.dead')).next()).body).toBe('too often');
  });

  test('what is left unsettled comes to others when the link is closed or the connection breaks', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    await sender.send('one');
    const first = await peer.receiver(address);
    await first.inbox.next();
    await first.close();
    const broken = await open();
    const second = await broken.receiver(address);
    expect((await second.inbox.next()).message.body).toBe('one');
    broken.drop();
    const third = await peer.receiver(address);
    const message = await third.next();
    expect(message.body).toBe('one');
    expect(message.delivery_count).toBeGreaterThan(0);
  });

  test('many are settled with one frame, and in any order', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    const numbers = Array.from({ length: 100 }, (_, index) => String(index));
    await Promise.all(numbers.map((number) => sender.send(number)));
    const receiver = await peer.receiver(address);
    const arrivals = await receiver.inbox.take(100);
    for (const { delivery } of arrivals.slice(50)) delivery.accept();
    for (const { delivery } of arrivals.slice(10, 50).reverse()) delivery.accept();
    for (const { delivery } of arrivals.slice(0, 10)) delivery.release();
    expect(await receiver.bodies(10)).toEqual(numbers.slice(0, 10));
  });
});

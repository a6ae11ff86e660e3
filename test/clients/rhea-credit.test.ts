import { describe, expect, test } from 'vitest';
import { useAmqpServer } from './amqp-fixture.js';

const { open, queue } = useAmqpServer();
const NUMBERS = Array.from({ length: 20 }, (_, index) => String(index));
/** For what must not come: the answer to something that was sent later has come before. */
const MANUAL = { credit_window: 0 };

describe('rhea, credit', () => {
  test('as many come as were granted', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    for (const number of NUMBERS) await sender.send(number);
    const receiver = await peer.receiver({ source: address, ...MANUAL });
    receiver.link.add_credit(3);
    expect(await receiver.bodies(3)).toEqual(NUMBERS.slice(0, 3));
    // An outcome is answered after what was delivered before it.
    await sender.send('later');
    expect(receiver.inbox.waiting).toBe(0);
    receiver.link.add_credit(17);
    expect(await receiver.bodies(17)).toEqual(NUMBERS.slice(3));
  });

  test('drain brings what is there, and takes the credit back', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    const receiver = await peer.receiver({ source: address, ...MANUAL });
    receiver.link.add_credit(10);
    await receiver.drain();
    expect(receiver.inbox.waiting).toBe(0);
    await sender.send('after the drain');
    expect(receiver.inbox.waiting).toBe(0);
    receiver.link.add_credit(10);
    await receiver.drain();
    expect(await receiver.bodies(1)).toEqual(['after the drain']);
    await sender.send('later');
    receiver.link.add_credit(1);
    expect(await receiver.bodies(1)).toEqual(['later']);
  });

  test('receivers of one queue share it, each within its credit', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    const first = await peer.receiver({ source: address, ...MANUAL });
    const second = await (await open()).receiver({ source: address, ...MANUAL });
    first.link.add_credit(5);
    second.link.add_credit(15);
    await Promise.all(NUMBERS.map((number) => sender.send(number)));
    const bodies = [...(await first.bodies(5)), ...(await second.bodies(15))];
    expect(bodies.map(Number).sort((a, b) => a - b)).toEqual(NUMBERS.map(Number));
  });

  test('a receiver without credit holds up no other of its session', async () => {
    const [idle, busy] = [queue(), queue()];
    const peer = await open();
    const writer = await open();
    const idleReceiver = await peer.receiver({ source: idle, ...MANUAL });
    const busyReceiver = await peer.receiver(busy);
    await (await writer.sender(idle)).send('waits');
    const sender = await writer.sender(busy);
    for (const number of NUMBERS) await sender.send(number);
    expect(await busyReceiver.bodies(20)).toEqual(NUMBERS);
    idleReceiver.link.add_credit(1);
    expect(await idleReceiver.bodies(1)).toEqual(['waits']);
  });

  test('one unsettled delivery freezes no session', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    const reader = await open({ session_buffer_size: 8192 });
    const receiver = await reader.receiver({ source: address, credit_window: 500 });
    await sender.send('unsettled');
    const { delivery } = await receiver.inbox.next();
    for (let round = 0; round < 30; round++) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => sender.send(String(index))));
      expect(await receiver.bodies(100)).toHaveLength(100);
    }
    delivery.release();
    expect(await receiver.bodies(1)).toEqual(['unsettled']);
  });
});

describe('rhea, one connection', () => {
  test('many sessions and links', async () => {
    const peer = await open();
    const links: { address: string; receiver: Awaited<ReturnType<typeof peer.receiver>> }[] = [];
    for (let session = 0; session < 5; session++) {
      const own = peer.session();
      for (let link = 0; link < 20; link++) {
        const address = queue();
        links.push({ address, receiver: await peer.receiver(address, own) });
      }
    }
    const session = peer.session();
    for (const { address } of links) await (await peer.sender(address, session)).send(address);
    for (const { address, receiver } of links.reverse()) {
      expect(await receiver.bodies(1)).toEqual([address]);
    }
  });

  test('a session that ends takes its links along, and no other', async () => {
    const address = queue();
    const peer = await open();
    const [one, other] = [peer.session(), peer.session()];
    const sender = await peer.sender(address, other);
    const receiver = await peer.receiver(address, one);
    await sender.send('returned');
    await receiver.inbox.next();
    const ended = new Promise((resolve) => one.once('session_close', resolve));
    one.close();
    await ended;
    await sender.send('second');
    const again = await peer.receiver(address, other);
    expect(await again.bodies(2)).toEqual(['returned', 'second']);
  });

  test('handles are used again', async () => {
    const address = queue();
    const peer = await open();
    for (let round = 0; round < 50; round++) {
      const sender = await peer.sender(address);
      await sender.send(String(round));
      await sender.close();
    }
    expect(await (await peer.receiver(address)).bodies(50)).toHaveLength(50);
  });
});

import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { useAmqpServer } from './amqp-fixture.js';

const fixture = useAmqpServer();
const { open, queue } = fixture;
const HOUR_MS = 3_600_000;

describe('rhea, delays', () => {
  test.each([
    ['x-opt-delivery-delay', () => HOUR_MS],
    // The broker's time is ahead of ours by what was skipped.
    ['x-opt-delivery-time', () => Date.now() + 3 * HOUR_MS],
  ])('%s keeps a message back', async (annotation, value) => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    const receiver = await peer.receiver(address);
    const message_annotations = { [annotation]: rhea.types.wrap_long(value()) };
    await sender.send({ body: 'later', durable: true, message_annotations });
    await sender.send('now');
    expect(await receiver.bodies(1)).toEqual(['now']);
    fixture.server.skip(2 * HOUR_MS);
    expect(await receiver.bodies(1)).toEqual(['later']);
  });

  test('over a restart of the broker', async () => {
    const address = queue();
    const message_annotations = { 'x-opt-delivery-delay': rhea.types.wrap_long(HOUR_MS) };
    const sent = { body: 'later', durable: true, message_annotations };
    await (await (await open()).sender(address)).send(sent);
    await fixture.server.restart();
    const receiver = await (await open()).receiver(address);
    await (await (await open()).sender(address)).send('now');
    expect(await receiver.bodies(1)).toEqual(['now']);
    fixture.server.skip(2 * HOUR_MS);
    expect(await receiver.bodies(1)).toEqual(['later']);
  });

  test('a message that is too old does not come', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    await sender.send({ body: 'old', durable: true, ttl: 1000 });
    fixture.server.skip(2000);
    await sender.send('new');
    expect(await (await peer.receiver(address)).bodies(1)).toEqual(['new']);
  });
});

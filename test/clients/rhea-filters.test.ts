import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { useAmqpServer } from './amqp-fixture.js';

const fixture = useAmqpServer();
const { open, name, queue } = fixture;

const selector = (text: string) => rhea.filter.selector(text);

describe('rhea, selectors', () => {
  test('on a queue leave what does not match to others, wherever it stands', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    for (let number = 0; number < 20; number++) {
      const application_properties = { colour: number % 10 === 9 ? 'red' : 'blue', number };
      await sender.send({ body: String(number), application_properties });
    }
    const red = await peer.receiver({
      source: { address, filter: selector("colour = 'red' AND number > 5") },
    });
    expect(await red.bodies(2)).toEqual(['9', '19']);
    const rest = await (await open()).receiver({ source: { address } });
    expect(await rest.bodies(18)).toEqual(
      Array.from({ length: 20 }, (_, number) => String(number)).filter(
        (text) => text !== '9' && text !== '19',
      ),
    );
  });

  test('on a topic take nothing else', async () => {
    const address = `topic://${name()}`;
    const peer = await open();
    const receiver = await peer.receiver({
      source: { address, filter: selector('JMSPriority >= 7') },
    });
    const sender = await peer.sender(address);
    await sender.send({ body: 'low', priority: 4 });
    await sender.send({ body: 'high', priority: 8 });
    expect(await receiver.bodies(1)).toEqual(['high']);
  });

  test('of a durable subscription start it anew when they change, as in JMS', async () => {
    const address = `topic://${name()}`;
    const peer = await open({ container_id: name() });
    const subscription = (text: string) => ({
      name: 'archive',
      source: { address, durable: 2, expiry_policy: 'never', filter: selector(text) },
    });
    const sender = await peer.sender(address);
    await (await peer.receiver(subscription('n = 1'))).detach();
    await sender.send({ body: 'one', application_properties: { n: 1 } });
    await sender.send({ body: 'two', application_properties: { n: 2 } });
    const same = await peer.receiver(subscription('n = 1'));
    expect(await same.bodies(1)).toEqual(['one']);
    await same.detach();
    await sender.send({ body: 'one again', application_properties: { n: 1 } });
    const other = await peer.receiver(subscription('n = 2'));
    await sender.send({ body: 'two again', application_properties: { n: 2 } });
    expect(await other.bodies(1)).toEqual(['two again']);
    await other.close();
  });

  test('that cannot be read are refused, and say where', async () => {
    const peer = await open();
    const receiver = peer.receiver({ source: { address: queue(), filter: selector('n = = 1') } });
    await expect(receiver).rejects.toMatchObject({ condition: 'amqp:invalid-field' });
  });
});

describe('rhea, copy links', () => {
  test('see every message and take none', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    for (const body of ['a', 'b', 'c']) await sender.send(body);
    const browser = await peer.receiver({ source: { address, distribution_mode: 'copy' } });
    expect(await browser.bodies(3)).toEqual(['a', 'b', 'c']);
    await browser.close();
    const receiver = await peer.receiver({ source: { address } });
    expect(await receiver.next()).toMatchObject({ body: 'a', first_acquirer: true });
  });
});

import { once } from 'node:events';
import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { useAmqpServer } from './amqp-fixture.js';

const { open, name, queue } = useAmqpServer();
/** `apache.org:no-local-filter:list`. */
const NO_LOCAL = rhea.types.wrap_described([], 0x468c_0000_0003);

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

  test('are told to who recovers a subscription without naming its source', async () => {
    const address = `topic://${name()}`;
    const peer = await open({ container_id: name() });
    const filter = { ...selector('n = 1'), 'no-local': NO_LOCAL };
    const source = { address, durable: 2, expiry_policy: 'never', filter };
    await (await peer.receiver({ name: 'archive', source })).detach();
    const recovered = peer.connection.open_receiver({ name: 'archive' });
    await once(recovered, 'receiver_open');
    expect(recovered.source.filter!['jms-selector'].value).toBe('n = 1');
    expect(Number(recovered.source.filter!['no-local'].descriptor)).toBe(0x468c_0000_0003);
  });

  test('that cannot be read end no subscription', async () => {
    const address = `topic://${name()}`;
    const peer = await open({ container_id: name() });
    const source = { address, durable: 2, expiry_policy: 'never' };
    await (await peer.receiver({ name: 'archive', source })).detach();
    await (await peer.sender(address)).send('kept');
    const filter = selector('n = = 1');
    const refused = peer.receiver({ name: 'archive', source: { ...source, filter } });
    await expect(refused).rejects.toMatchObject({ condition: 'amqp:invalid-field' });
    expect(await (await peer.receiver({ name: 'archive', source })).bodies(1)).toEqual(['kept']);
  });

  test('that cannot be read are refused, and say where', async () => {
    const peer = await open();
    const receiver = peer.receiver({ source: { address: queue(), filter: selector('n = = 1') } });
    await expect(receiver).rejects.toMatchObject({ condition: 'amqp:invalid-field' });
  });
});

describe('rhea, other filters', () => {
  test('no-local leaves out what the connection sends itself', async () => {
    const address = `topic://${name()}`;
    const peer = await open();
    const filter = { 'no-local': NO_LOCAL };
    const receiver = await peer.receiver({ source: { address, filter } });
    await (await peer.sender(address)).send('mine');
    await (await (await open()).sender(address)).send('others');
    expect(await receiver.bodies(1)).toEqual(['others']);
  });

  test('what nobody knows is left out of the answer', async () => {
    const address = queue();
    const peer = await open();
    const filter = { 'com.example': rhea.types.wrap_described('x', 'com.example:filter:string') };
    const receiver = await peer.receiver({ source: { address, filter } });
    expect(receiver.link.source.filter ?? {}).toEqual({});
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

  test('end with a drain where the queue ends', async () => {
    const address = queue();
    const peer = await open();
    await (await peer.sender(address)).send('only');
    const source = { address, distribution_mode: 'copy' as const };
    const browser = await peer.receiver({ source, credit_window: 0 });
    browser.link.add_credit(10);
    await browser.drain();
    expect(await browser.bodies(1)).toEqual(['only']);
  });
});

describe('rhea, no-local', () => {
  test('of a durable subscription still means its own client after that came back', async () => {
    const address = `topic://${name()}`;
    const container_id = name();
    const filter = { 'no-local': rhea.types.wrap_described([], 'apache.org:no-local-filter:list') };
    const options = {
      name: 'archive',
      source: { address, durable: 2, expiry_policy: 'never', filter },
    };
    const first = await open({ container_id });
    await (await first.receiver(options)).detach();
    await first.close();
    const second = await open({ container_id });
    const receiver = await second.receiver(options);
    await (await second.sender(address)).send('its own');
    await (await (await open()).sender(address)).send('of another');
    expect(await receiver.bodies(1)).toEqual(['of another']);
    await receiver.close();
  });
});

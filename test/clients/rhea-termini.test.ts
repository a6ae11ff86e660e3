import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { useAmqpServer } from './amqp-fixture.js';

const fixture = useAmqpServer();
const { open, name, queue } = fixture;
const DURABLE = { durable: 2, expiry_policy: 'never' };

describe('rhea, durable subscriptions', () => {
  test('keep what comes while the subscriber is away, also when the broker restarts', async () => {
    const topic = `topic://${name()}`;
    const container_id = name();
    const options = { name: 'archive', source: { address: topic, ...DURABLE } };
    const first = await open({ container_id });
    const receiver = await first.receiver(options);
    const writer = await open();
    const sender = await writer.sender(topic);
    await sender.send('online');
    expect(await receiver.bodies(1)).toEqual(['online']);
    await receiver.detach();
    await first.close();
    for (const body of ['a', 'b']) await sender.send(body);
    await fixture.server.restart();
    const second = await open({ container_id });
    const again = await second.receiver(options);
    await (await (await open()).sender(topic)).send('c');
    expect(await again.bodies(3)).toEqual(['a', 'b', 'c']);
  });

  test('are ended by closing the link', async () => {
    const topic = `topic://${name()}`;
    const peer = await open({ container_id: name() });
    const options = { name: 'archive', source: { address: topic, ...DURABLE } };
    await (await peer.receiver(options)).close();
    const sender = await (await open()).sender(topic);
    await sender.send('nobody');
    const receiver = await peer.receiver(options);
    await sender.send('new');
    expect(await receiver.bodies(1)).toEqual(['new']);
    await receiver.close();
  });

  test('are found without a source, for those who do not know it any more', async () => {
    const topic = `topic://${name()}`;
    const container_id = name();
    const first = await open({ container_id });
    await first.receiver({ name: 'archive', source: { address: topic, ...DURABLE } });
    await first.close();
    const second = await open({ container_id });
    const recovered = second.connection.open_receiver({ name: 'archive' });
    await once(recovered, 'receiver_open');
    expect(recovered.source).toMatchObject({ address: topic, durable: 2 });
    recovered.close();
    await once(recovered, 'receiver_close');
    const unknown = second.receiver({ name: 'archive' });
    await expect(unknown).rejects.toMatchObject({ condition: 'amqp:not-found' });
  });

  test('that are shared divide the messages, and stay until their last consumer has closed', async () => {
    const topic = `topic://${name()}`;
    const capabilities = ['topic', 'shared', 'global'];
    const options = { name: name(), source: { address: topic, ...DURABLE, capabilities } };
    const [one, other] = [await open(), await open()];
    const left = await one.receiver({ ...options, credit_window: 1 });
    const right = await other.receiver({ ...options, credit_window: 1 });
    const sender = await one.sender(topic);
    await Promise.all([sender.send('a'), sender.send('b')]);
    expect([...(await left.bodies(1)), ...(await right.bodies(1))].sort()).toEqual(['a', 'b']);
    await left.close();
    await sender.send('c');
    expect(await right.bodies(1)).toEqual(['c']);
    await right.close();
    await sender.send('nobody');
    const late = await one.receiver(options);
    await sender.send('d');
    expect(await late.bodies(1)).toEqual(['d']);
    await late.close();
  });
});

describe('rhea, dynamic nodes', () => {
  test('a request is answered at a dynamic source, through the anonymous relay', async () => {
    const requests = queue();
    const service = await open();
    const inbound = await service.receiver(requests);
    const relay = await service.sender({ target: {} });
    const client = await open();
    const answers = await client.receiver({ source: { address: '', dynamic: true } as never });
    const reply_to = answers.link.source.address;
    expect(reply_to).toMatch(/^temp-queue:\/\//);
    const sender = await client.sender(requests);
    for (const body of ['one', 'two']) {
      await sender.send({ body, reply_to, correlation_id: body, durable: true });
      const { reply_to: to, correlation_id, body: asked } = await inbound.next();
      await relay.send({ to: to!, correlation_id: correlation_id!, body: `${asked}!` });
      expect(await answers.next()).toMatchObject({ body: `${body}!`, correlation_id: body });
    }
  });

  test('only their own connection reads them, and they end with it', async () => {
    const owner = await open();
    const receiver = await owner.receiver({ source: { address: '', dynamic: true } as never });
    const { address } = receiver.link.source;
    const other = await open();
    await expect(other.receiver(address)).rejects.toMatchObject({
      condition: 'amqp:unauthorized-access',
    });
    await owner.close();
    await expect(other.sender(address)).rejects.toMatchObject({ condition: 'amqp:not-found' });
  });

  test('a dynamic topic has many receivers', async () => {
    const owner = await open();
    const capabilities = ['temporary-topic'];
    const source = { address: '', dynamic: true, capabilities };
    const first = await owner.receiver({ source: source as never });
    const { address } = first.link.source;
    expect(address).toMatch(/^temp-topic:\/\//);
    const second = await owner.receiver(address);
    await (await (await open()).sender(address)).send('all');
    expect([...(await first.bodies(1)), ...(await second.bodies(1))]).toEqual(['all', 'all']);
  });
});

describe('rhea, the anonymous relay', () => {
  test('each message says where it goes', async () => {
    const [one, two] = [queue(), `topic://${name()}`];
    const peer = await open();
    const receivers = [await peer.receiver(one), await peer.receiver(two)];
    const relay = await peer.sender({ target: {} });
    await relay.send({ to: one, body: 'first' });
    await relay.send({ to: two, body: 'second' });
    expect(await receivers[0]!.bodies(1)).toEqual(['first']);
    expect(await receivers[1]!.bodies(1)).toEqual(['second']);
  });

  test('a message without an address is refused, and the link goes on', async () => {
    const address = queue();
    const peer = await open();
    const relay = await peer.sender({ target: {} });
    expect(await relay.send({ body: 'nowhere' })).toMatchObject({ name: 'rejected' });
    expect(await relay.send({ to: address, body: 'here' })).toMatchObject({ name: 'accepted' });
  });
});

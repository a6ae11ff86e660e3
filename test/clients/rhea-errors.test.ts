import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { AmqpPeer } from './amqp-client.js';
import { useAmqpServer } from './amqp-fixture.js';

const fixture = useAmqpServer({
  users: [
    { name: 'admin', password: 'admin', groups: ['admins'] },
    { name: 'gäst', password: 'schlüssel', groups: ['guests'] },
  ],
  anonymous: true,
  authorization: [
    { destination: 'queue://>', read: ['*'], write: ['*'], admin: ['*'] },
    { destination: 'topic://>', read: ['*'], write: ['*'], admin: ['*'] },
    { destination: 'queue://secret', read: ['admins'], write: ['admins'], admin: ['admins'] },
    { destination: 'topic://secret', read: ['admins'], write: ['admins'], admin: ['admins'] },
  ],
  policies: [{ destination: 'queue://fixed.>', autoCreate: false }],
});
const { open, queue } = fixture;
const ADMIN = { username: 'admin', password: 'admin' };

describe('rhea, logging in', () => {
  test('with PLAIN', async () => {
    const peer = await open(ADMIN);
    await (await peer.sender('queue://secret')).send('allowed');
    expect(await (await peer.receiver('queue://secret')).bodies(1)).toEqual(['allowed']);
  });

  test('anonymously, when that is allowed', async () => {
    const peer = await open({ username: 'anonymous' });
    await expect(peer.sender('queue://secret')).rejects.toMatchObject({
      condition: 'amqp:unauthorized-access',
    });
    expect(await (await peer.sender(queue())).send('x')).toMatchObject({ name: 'accepted' });
  });

  test.each([
    ['a wrong password', { ...ADMIN, password: 'wrong' }],
    ['an unknown user', { ...ADMIN, username: 'nobody' }],
  ])('%s is refused with the outcome auth', async (_what, options) => {
    // The library turns the outcome 1 into this condition.
    await expect(open(options)).rejects.toThrow(
      'amqp:unauthorized-access: Failed to authenticate: 1',
    );
  });

  test('says who is there', async () => {
    const { connection } = await open(ADMIN);
    expect(connection.properties).toMatchObject({ product: 'Causeway' });
    expect(connection.remote.open.offered_capabilities).toEqual(
      expect.arrayContaining(['ANONYMOUS-RELAY', 'DELAYED_DELIVERY', 'SHARED-SUBS']),
    );
    expect(connection.max_frame_size).toBeGreaterThanOrEqual(512);
  });
});

describe('rhea, what is refused', () => {
  test.each(['queue://secret', 'topic://secret'])('%s without permission', async (address) => {
    const peer = await open();
    const condition = 'amqp:unauthorized-access';
    await expect(peer.sender(address)).rejects.toMatchObject({ condition });
    await expect(peer.receiver(address)).rejects.toMatchObject({ condition });
    const relay = await peer.sender({ target: {} });
    expect(await relay.send({ to: address, body: 'x' })).toMatchObject({
      name: 'rejected',
      condition,
    });
  });

  test('a queue that does not exist and may not be created', async () => {
    const peer = await open();
    const condition = 'amqp:not-found';
    await expect(peer.sender('queue://fixed.one')).rejects.toMatchObject({ condition });
    await expect(peer.receiver('queue://fixed.one')).rejects.toMatchObject({ condition });
  });

  test('names that cannot be', async () => {
    const peer = await open();
    await expect(peer.sender('queue://a.*')).rejects.toMatchObject({
      condition: 'amqp:invalid-field',
    });
    await expect(peer.sender('topic://a.>')).rejects.toMatchObject({
      condition: 'amqp:invalid-field',
    });
    await expect(peer.receiver('queue://a.*')).rejects.toMatchObject({
      condition: 'amqp:not-implemented',
    });
    await expect(peer.sender('topic://$SYS.broker.uptime')).rejects.toMatchObject({
      condition: 'amqp:unauthorized-access',
    });
  });

  test('a refusal ends one link only', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    await expect(peer.sender('queue://secret')).rejects.toThrow();
    await sender.send('still here');
    expect(await (await peer.receiver(address)).bodies(1)).toEqual(['still here']);
  });
});

describe('rhea, the end', () => {
  test('a broker that stops says so, with a condition that clients come back after', async () => {
    const peer = await open();
    const closed = once(peer.connection, 'connection_close');
    await fixture.server.restart();
    await closed;
    expect(peer.connection.error).toMatchObject({ condition: 'amqp:connection:forced' });
  });

  test('a silent client is given up when it has promised to speak, a speaking one is not', async () => {
    const peer = await open({ idle_time_out: 10_000 });
    expect(peer.connection.remote.open.idle_time_out).toBeGreaterThan(0);
    expect(await (await peer.sender(queue())).send('x')).toMatchObject({ name: 'accepted' });
  });

  test('a second connection of the same container takes its links over', async () => {
    const address = queue();
    const container_id = 'twin';
    const first = await open({ container_id });
    const receiver = await first.receiver({ name: 'same', source: address });
    const stolen = once(receiver.link, 'receiver_close');
    const second = await open({ container_id });
    const again = await second.receiver({ name: 'same', source: address });
    await stolen;
    expect(receiver.link.error).toMatchObject({ condition: 'amqp:link:stolen' });
    await (await second.sender(address)).send('mine');
    expect(await again.bodies(1)).toEqual(['mine']);
  });

  test('nobody is there any more', async () => {
    const peer = new AmqpPeer({ port: 1 });
    peer.connection.connect();
    expect((await peer.failed).message).toContain('ECONNREFUSED');
  });
});

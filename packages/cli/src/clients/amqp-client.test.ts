import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import rhea, { type Container, type EventContext, type Receiver } from 'rhea';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseEndpoint } from '../endpoint.js';
import { openAmqpClient } from './amqp-client.js';
import type { IncomingMessage, MessageClient, ReceiveOptions } from './message-client.js';

const SETTINGS = { connectTimeoutMs: 5000 };
const RECEIVE: ReceiveOptions = {
  destination: 'queue://a',
  qos: 1,
  ack: 'client-individual',
  prefetch: 10,
  headers: [],
};
const MESSAGE = { body: Buffer.from('hello'), headers: [], qos: 1 } as const;

/** A peer that accepts one user; each test says what it does with links and messages. */
let peer: Container;
let server: Server;
let url: string;
let client: MessageClient | null = null;

beforeEach(async () => {
  peer = rhea.create_container({
    sender_options: { autosettle: true },
    receiver_options: { autoaccept: false },
  });
  peer.sasl_server_mechanisms.enable_plain(
    (user: string, password: string) => user === 'ädmin' && password === 'schlüssel',
  );
  peer.on('error', () => {});
  peer.on('disconnected', () => {});
  peer.on('receiver_open', accept);
  server = peer.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  url = `amqp://%C3%A4dmin:schl%C3%BCssel@127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await client?.close();
  client = null;
  server.close();
});

function accept({ receiver }: EventContext): void {
  receiver!.set_target({ address: receiver!.target.address });
}

async function open(settings = {}): Promise<MessageClient> {
  client = await openAmqpClient(parseEndpoint(url, {}, {}), { ...SETTINGS, ...settings });
  return client;
}

/** What the peer does with the only message that comes. */
function onMessage(answer: (context: EventContext) => void): Promise<EventContext> {
  return new Promise((resolve) => {
    peer.once('message', (context: EventContext) => {
      answer(context);
      resolve(context);
    });
  });
}

test('a message that is accepted is sent', async () => {
  const arrived = onMessage(({ delivery }) => delivery!.accept());
  await (await open()).send('queue://a', { ...MESSAGE, contentType: 'text/plain' });
  const { message, receiver } = await arrived;
  expect(message).toMatchObject({ to: 'queue://a', durable: true, content_type: 'text/plain' });
  expect(receiver!.target).toMatchObject({ address: 'queue://a', capabilities: ['queue'] });
});

test.each([
  ['rejected', { condition: 'amqp:precondition-failed', description: 'no room' }],
] as const)('a message that is %s fails with the condition', async (_outcome, error) => {
  void onMessage(({ delivery }) => delivery!.reject(error));
  await expect((await open()).send('queue://a', MESSAGE)).rejects.toThrow(
    'the message was rejected: amqp:precondition-failed: no room',
  );
});

test('a message that is released or modified fails', async () => {
  const sender = await open();
  void onMessage(({ delivery }) => delivery!.release());
  await expect(sender.send('queue://a', MESSAGE)).rejects.toThrow('the message was released');
  void onMessage(({ delivery }) => delivery!.modified({ undeliverable_here: true }));
  await expect(sender.send('queue://a', MESSAGE)).rejects.toThrow('the message was modified');
});

test('at QoS 0 it leaves settled and not durable, and nobody confirms', async () => {
  const arrived = onMessage(() => {});
  await (await open()).send('topic://t', { ...MESSAGE, qos: 0 });
  const { message, delivery, receiver } = await arrived;
  expect(delivery!.remote_settled).toBe(true);
  expect(message!.durable ?? false).toBe(false);
  expect(receiver!.target.capabilities).toEqual(['topic']);
});

test('a link that is refused fails with the condition', async () => {
  peer.removeAllListeners('receiver_open');
  peer.on('receiver_open', ({ receiver }: EventContext) => {
    receiver!.close({ condition: 'amqp:unauthorized-access', description: 'not yours' });
  });
  await expect((await open()).send('queue://a', MESSAGE)).rejects.toThrow(
    'queue://a was closed: amqp:unauthorized-access: not yours',
  );
});

test('what arrives is settled when it is taken, and released when it is not', async () => {
  const outcomes: string[] = [];
  const settled = new Promise<void>((resolve) => {
    peer.on('accepted', () => outcomes.push('accepted'));
    peer.on('released', () => {
      outcomes.push('released');
      resolve();
    });
  });
  peer.on('sender_open', ({ sender }: EventContext) => {
    sender!.set_source({ address: sender!.source.address });
  });
  peer.once('sendable', ({ sender }: EventContext) => {
    sender!.send({ body: 'first', delivery_count: 1 });
    sender!.send({ body: 'second' });
  });
  const receiver = await open();
  const taken: IncomingMessage[] = [];
  await receiver.receive(RECEIVE, async (message) => {
    taken.push(message);
    return message.redelivered;
  });
  await settled;
  expect(taken.map(({ body }) => body.toString())).toEqual(['first', 'second']);
  expect(outcomes).toEqual(['accepted', 'released']);
});

test('a durable subscription has its name, and selectors are filters', async () => {
  const opened = new Promise<EventContext>((resolve) => {
    peer.once('sender_open', (context: EventContext) => {
      const { sender } = context;
      sender!.set_source({ address: sender!.source.address });
      resolve(context);
    });
  });
  const receiver = await open({ clientId: 'archive' });
  const headers = [
    ['selector', "colour = 'red'"],
    ['no-local', 'true'],
  ] as const;
  const options = { ...RECEIVE, destination: 'topic://t', durable: 'all', headers };
  await receiver.receive({ ...options, ack: 'auto' }, async () => true);
  const { sender, connection } = await opened;
  expect(connection.container_id).toBe('archive');
  expect(sender!.name).toBe('all');
  expect(sender!.snd_settle_mode).toBe(1);
  const { durable, expiry_policy, capabilities, filter } = sender!.source;
  expect({ durable, expiry_policy, capabilities }).toEqual({
    ...{ durable: 2, expiry_policy: 'never', capabilities: ['topic'] },
  });
  expect(filter!['jms-selector'].value).toBe("colour = 'red'");
  expect(Number(filter!['no-local'].descriptor)).toBe(0x468c00000003);
});

test('a source that is refused fails', async () => {
  peer.on('sender_open', ({ sender }: EventContext) => {
    sender!.close({ condition: 'amqp:not-found', description: 'nowhere' });
  });
  const refused = (await open()).receive(RECEIVE, async () => true);
  await expect(refused).rejects.toThrow('queue://a was closed: amqp:not-found: nowhere');
});

test('an end of the connection ends everything that waits', async () => {
  const sender = await open();
  peer.once('message', ({ connection }: EventContext) => {
    connection.close({ condition: 'amqp:connection:forced', description: 'maintenance' });
  });
  const sending = sender.send('queue://a', MESSAGE);
  await expect(sender.ended).rejects.toThrow(/amqp:connection:forced: maintenance/);
  await expect(sending).rejects.toThrow(/maintenance/);
});

test('a wrong password is refused', async () => {
  url = url.replace('schl', 'wrong');
  await expect(open()).rejects.toThrow(/cannot connect to amqp:.*unauthorized-access/);
});

test('nobody there', async () => {
  server.close();
  await expect(open()).rejects.toThrow(/cannot connect to amqp:.*ECONNREFUSED/);
});

test('messages wait for credit', async () => {
  peer.removeAllListeners('receiver_open');
  const opened = new Promise<Receiver>((resolve) => {
    peer.on('receiver_open', (context: EventContext) => {
      accept(context);
      resolve(context.receiver!);
    });
  });
  peer.options.receiver_options = { credit_window: 0, autoaccept: true };
  const sender = await open();
  const sending = [1, 2, 3].map(() => sender.send('queue://a', MESSAGE));
  const receiver = await opened;
  receiver.add_credit(1);
  await sending[0];
  receiver.add_credit(2);
  await Promise.all(sending);
});

import rhea, { type Message } from 'rhea';
import { afterEach, describe, expect, test } from 'vitest';
import { AmqpPeer, type AmqpTarget } from './amqp-client.js';
import { USER, useRunningBroker } from './running-broker.js';

const broker = useRunningBroker();
const peers: AmqpPeer[] = [];

afterEach(() => {
  for (const peer of peers.splice(0)) peer.drop();
});

const TRANSPORTS = {
  tcp: () => ({ port: broker.port('amqp') }),
  tls: () => ({ port: broker.port('amqps'), authority: broker.authority }),
  webSocket: () => ({ port: broker.port('ws'), over: 'webSocket' as const }),
  sniffed: () => ({ port: broker.port('any') }),
} satisfies Record<string, () => AmqpTarget>;
type TransportName = keyof typeof TRANSPORTS;

async function open(transport: TransportName = 'tcp', options = {}): Promise<AmqpPeer> {
  const target = TRANSPORTS[transport]();
  const peer = await AmqpPeer.open({ ...target, options: { ...USER, ...options } });
  peers.push(peer);
  return peer;
}

function queue(): string {
  return `queue://${broker.name('rhea.')}`;
}

const NUMBERS = Array.from({ length: 300 }, (_, index) => String(index));
const SENDER_MODES = { unsettled: 0, settled: 1, mixed: 2 } as const;
const RECEIVER_MODES = { first: 0, second: 1 } as const;
const PAIRS = (Object.keys(SENDER_MODES) as (keyof typeof SENDER_MODES)[]).flatMap((snd) =>
  (Object.keys(RECEIVER_MODES) as (keyof typeof RECEIVER_MODES)[]).map((rcv) => ({ snd, rcv })),
);

describe.each(Object.keys(TRANSPORTS) as TransportName[])('rhea over %s', (transport) => {
  test('pipelined messages are accepted, and arrive in order, once', async () => {
    const address = queue();
    const peer = await open(transport);
    const sender = await peer.sender(address);
    const outcomes = await Promise.all(NUMBERS.map((number) => sender.send(number)));
    expect(new Set(outcomes.map(({ name }) => name))).toEqual(new Set(['accepted']));
    const receiver = await peer.receiver(address);
    expect(await receiver.bodies(NUMBERS.length)).toEqual(NUMBERS);
    await sender.send('end');
    expect(await receiver.bodies(1)).toEqual(['end']);
  });

  test('bodies of any size, in as many frames as they take', async () => {
    const address = queue();
    const peer = await open(transport);
    const sender = await peer.sender(address);
    const receiver = await peer.receiver(address);
    for (const size of [0, 1, 70_000, 1 << 20, 8 << 20]) {
      const data = Buffer.alloc(size, 'every byte of it ');
      await sender.send({ body: rhea.message.data_section(data), durable: true });
      const { body } = await receiver.next();
      expect(body.content.equals(data), `${size} bytes`).toBe(true);
    }
  });

  test('a topic has many receivers', async () => {
    const name = broker.name('rhea.topic.');
    const peer = await open(transport);
    const receivers = [
      await peer.receiver(`topic://${name}.a`),
      await peer.receiver(`topic://${name}.*`),
      await peer.receiver({ source: { address: `${name}.>`, capabilities: ['topic'] } }),
    ];
    const sender = await peer.sender(`topic://${name}.a`);
    await sender.send('all');
    for (const receiver of receivers) expect(await receiver.bodies(1)).toEqual(['all']);
  });
});

describe.each(PAIRS)('sender settles $snd, receiver $rcv', ({ snd, rcv }) => {
  const modes = { snd_settle_mode: SENDER_MODES[snd], rcv_settle_mode: RECEIVER_MODES[rcv] };

  test('the client sends', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender({ target: address, ...modes });
    expect(sender.link.snd_settle_mode).toBe(modes.snd_settle_mode);
    expect(sender.link.rcv_settle_mode).toBe(modes.rcv_settle_mode);
    const numbers = NUMBERS.slice(0, 50);
    if (snd === 'settled') for (const number of numbers) sender.post(number);
    else await Promise.all(numbers.map((number) => sender.send(number)));
    expect(await (await peer.receiver(address)).bodies(50)).toEqual(numbers);
  });

  test('the client receives', async () => {
    const address = queue();
    const peer = await open();
    const sender = await peer.sender(address);
    const receiver = await peer.receiver({ source: address, ...modes });
    const settled = new Promise<void>((resolve) => {
      let count = 0;
      receiver.link.on('settled', () => {
        if (++count === 50) resolve();
      });
    });
    const numbers = NUMBERS.slice(0, 50);
    await Promise.all(numbers.map((number) => sender.send(number)));
    const arrivals = await receiver.inbox.take(50);
    expect(arrivals.map(({ message }) => message.body)).toEqual(numbers);
    for (const { delivery } of arrivals) {
      expect(delivery.remote_settled).toBe(snd === 'settled');
      if (snd !== 'settled') delivery.accept();
    }
    // The broker settles after the receiver has said what it thinks.
    if (rcv === 'second' && snd !== 'settled') await settled;
    await receiver.close();
    await sender.send('end');
    expect(await (await peer.receiver(address)).bodies(1)).toEqual(['end']);
  });
});

test('everything that travels with a message arrives as it was sent', async () => {
  const address = queue();
  const peer = await open();
  const sent: Message = {
    durable: true,
    priority: 7,
    ttl: 3_600_000,
    message_annotations: { 'x-opt-note': 'kept' },
    message_id: 'm-1',
    user_id: rhea.types.wrap_binary(Buffer.from('user')),
    to: address,
    subject: 'subject',
    reply_to: 'queue://answers',
    correlation_id: 'c-1',
    content_type: 'text/plain',
    content_encoding: 'identity',
    creation_time: new Date(1_700_000_000_123),
    group_id: 'group',
    group_sequence: 3,
    reply_to_group_id: 'answers',
    application_properties: { text: 'ä €', number: 7, half: 0.5, yes: true },
    body: { list: [1, 'two', null], nested: { deep: true } },
  } as unknown as Message;
  expect((await (await peer.sender(address)).send(sent)).name).toBe('accepted');
  const { ttl, user_id, ...message } = await (await peer.receiver(address)).next();
  expect(ttl).toBeGreaterThan(3_500_000);
  expect(ttl).toBeLessThanOrEqual(3_600_000);
  expect(String(user_id)).toBe('user');
  const { ttl: _ttl, user_id: _user, ...rest } = sent;
  expect({ ...message }).toMatchObject(rest);
});

test('every kind of body', async () => {
  const address = queue();
  const peer = await open();
  const sender = await peer.sender(address);
  const receiver = await peer.receiver(address);
  const { data_section, data_sections, sequence_section, sequence_sections } = rhea.message;
  for (const body of [
    ...['text', 7, -0.5, true, null, [1, [2, 3]], { a: 'map' }, Buffer.of(0, 0xff)],
    data_section(Buffer.of(1)),
    data_sections([Buffer.of(1), Buffer.of(2)]),
    sequence_section(['a', 1]),
    sequence_sections([['a'], ['b']]),
  ]) {
    await sender.send({ body });
    expect((await receiver.next()).body).toEqual(body);
  }
});

test('a client certificate says who is there', async () => {
  const { cert, key } = broker.clientCertificate;
  const external = { username: undefined, password: undefined, enable_sasl_external: true };
  const peer = await open('tls', { ...external, cert, key });
  expect(await (await peer.sender(queue())).send('x')).toMatchObject({ name: 'accepted' });
  await expect(open('tls', external)).rejects.toThrow();
});

test('names with a prefix, with a capability, and plain ones', async () => {
  const name = broker.name('rhea.');
  const peer = await open();
  for (const target of [`queue://${name}`, name, { address: name, capabilities: ['queue'] }]) {
    await (await peer.sender({ target })).send('x');
  }
  expect(await (await peer.receiver(name)).bodies(3)).toEqual(['x', 'x', 'x']);
});

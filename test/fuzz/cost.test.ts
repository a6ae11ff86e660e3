import { amqpFormat } from '@causeway/amqp';
import { mqttFormat } from '@causeway/mqtt';
import { stompFormat } from '@causeway/stomp';
import { expect, test } from 'vitest';
import { AMQP } from '../support/raw-amqp.js';
import { amqp, header } from '../support/raw-amqp-frames.js';
import { encodeMessage } from '../support/raw-amqp-message.js';
import { mqtt5 } from '../support/raw-mqtt-builder.js';
import { createTestBroker } from '../support/test-broker.js';
import { PROTOCOLS } from './support/fuzz-world.js';
import { HostileConnection } from './support/hostile-connection.js';

const LARGE = 1024 * 1024;
/** Some ten times what it takes; copying or reading everything again at each byte takes longer. */
const MICROSECONDS_PER_BYTE_MAX = 10;

const LOGIN = {
  mqtt: mqtt5.connect({ clientId: 'slow' }),
  stomp: Buffer.from('CONNECT\naccept-version:1.2\nhost:h\n\n\0'),
  amqp: Buffer.concat([
    header(AMQP),
    amqp.open(),
    amqp.begin(),
    amqp.attach({
      name: 'a',
      role: false,
      target: { address: 'topic://a' },
      initialDeliveryCount: 0,
    }),
  ]),
};

test.each([
  ['mqtt', 'a large PUBLISH', mqtt5.publish({ topic: 'a', payload: 'x'.repeat(LARGE) })],
  ['mqtt', 'a SUBSCRIBE', mqtt5.subscribe(1, [['a'.repeat(60_000), 0]])],
  ['mqtt', 'a thousand pings', Buffer.from('c000'.repeat(1000), 'hex')],
  ['stomp', 'a body without a length', stompSend('', 'x'.repeat(LARGE))],
  ['stomp', 'a body with a length', stompSend(`content-length:${LARGE}\n`, 'x'.repeat(LARGE))],
  ['stomp', 'a long header', stompSend(`long:${'x'.repeat(60_000)}\n`, '')],
  ['stomp', 'many headers', stompSend('name:value\n'.repeat(200), 'x')],
  ['stomp', 'ends of line', Buffer.alloc(100_000, 10)],
  ['amqp', 'a large transfer', amqpTransfer('x'.repeat(200_000))],
  ['amqp', 'many small transfers of one delivery', amqpParts(4000)],
  ['amqp', 'a thousand heart-beats', Buffer.concat(Array(1000).fill(amqp.empty()))],
  ['amqp', 'a long link name', amqp.attach({ name: 'x'.repeat(200_000), role: true, handle: 1 })],
] as const)('%s: the cost of %s is the same for each byte', async (name, _, bytes) => {
  const { broker } = await createTestBroker();
  broker.formats.register(mqttFormat);
  broker.formats.register(stompFormat);
  broker.formats.register(amqpFormat);
  const connection = new HostileConnection(broker, PROTOCOLS[name]);
  connection.send(LOGIN[name]);
  const chunk = Buffer.alloc(1);
  const startedMs = performance.now();
  for (const byte of bytes) {
    chunk[0] = byte;
    connection.engine.receive(chunk);
  }
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeLessThan(500 + (bytes.length * MICROSECONDS_PER_BYTE_MAX) / 1000);
});

function stompSend(headers: string, body: string): Buffer {
  return Buffer.from(`SEND\ndestination:/topic/a\n${headers}\n${body}\0`);
}

function amqpTransfer(data: string): Buffer {
  return amqp.transfer({ deliveryId: 0, deliveryTag: 't' }, encodeMessage({ data: [data] }));
}

function amqpParts(count: number): Buffer {
  const parts = Array.from({ length: count }, (_, index) =>
    amqp.transfer(
      { ...(index === 0 ? { deliveryId: 0, deliveryTag: 't' } : {}), more: index < count - 1 },
      Buffer.alloc(100, index === 0 ? 0 : 1),
    ),
  );
  return Buffer.concat(parts);
}

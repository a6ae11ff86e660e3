import { connect, type Socket } from 'node:net';
import type { Log } from '@causeway/core';
import { afterEach, expect, test } from 'vitest';
import { AMQP } from '../support/raw-amqp.js';
import { amqp, header } from '../support/raw-amqp-frames.js';
import { RawMqtt } from '../support/raw-mqtt.js';
import { mqtt311 } from '../support/raw-mqtt-builder.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { RawStomp } from './raw-stomp.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const events: string[] = [];
const record = (event: string) => void events.push(event);
const LOG: Log = { debug() {}, info: record, warn: record, error: record, audit: record };

let server: TestServer | null = null;
const sockets: { destroy(): void }[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = null;
  events.length = 0;
});

/** A subscriber that only counts what it gets. */
class Counter {
  readonly socket: Socket;
  bytes = 0;

  constructor(port: number, clientId: string) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.bytes += chunk.length;
    });
    this.socket.write(mqtt311.connect({ clientId }));
    this.socket.write(mqtt311.subscribe(1, [['flood', 0]]));
    sockets.push(this.socket);
  }
}

/** CONNACK and SUBACK of MQTT 3.1.1. */
const GREETING_BYTES = 4 + 5;
const SUBSCRIBERS = 100;
const MESSAGES = 700;
const PAYLOAD = 'x'.repeat(10 * KIB);

test(`one stalled subscriber among ${SUBSCRIBERS} harms nobody but itself`, async () => {
  const transientMessagesMax = 50;
  server = await startTestServer({ log: LOG, limits: { transientMessagesMax } });
  const { broker, mqttPort } = server;
  const readers = Array.from(
    { length: SUBSCRIBERS },
    (_, index) => new Counter(mqttPort, `reader-${index}`),
  );
  await until(() => readers.every(({ bytes }) => bytes === GREETING_BYTES));
  const [stalled, ...others] = readers;
  stalled!.socket.pause();

  const producer = await RawMqtt.open(mqttPort, 4);
  sockets.push(producer);
  await producer.login({ clientId: 'producer' });
  for (let number = 1; number <= MESSAGES; number++) {
    await producer.deliver({ topic: 'flood', payload: PAYLOAD, id: number });
  }
  const messageBytes = mqtt311.publish({ topic: 'flood', payload: PAYLOAD }).length;
  const allBytes = GREETING_BYTES + MESSAGES * messageBytes;
  await until(() => others.every(({ bytes }) => bytes === allBytes));
  expect(broker.metrics.messagesDropped, 'the stalled one loses messages').toBeGreaterThan(0);
  expect(events.filter((event) => event === 'subscriber-too-slow')).toHaveLength(1);
  for (const queue of broker.queues.values()) {
    expect(queue.length, queue.name).toBeLessThanOrEqual(transientMessagesMax);
  }

  stalled!.socket.resume();
  const kept = MESSAGES - broker.metrics.messagesDropped;
  await until(() => stalled!.bytes === GREETING_BYTES + kept * messageBytes);
  await until(() => events.includes('subscriber-caught-up'));
  await producer.deliver({ topic: 'flood', payload: PAYLOAD, id: 1 });
  await until(() => stalled!.bytes === GREETING_BYTES + (kept + 1) * messageBytes);
});

/**
 * The server goes on until it has enough; the other client is served meanwhile.
 * @returns how many bytes it has read
 */
async function readUntilCalm(
  { broker }: TestServer,
  bystander: RawMqtt,
  frameBytes: number,
): Promise<number> {
  let calm = 0;
  let received = 0;
  while (calm < 50) {
    bystander.publish({ topic: 'a', payload: 'served' });
    await bystander.expect('publish', { payload: 'served' });
    const { bytesReceived } = broker.metrics;
    calm = bytesReceived - received < frameBytes ? calm + 1 : 0;
    received = bytesReceived;
  }
  return received;
}

test('a client that sends and never reads its answers is read no further', async () => {
  const offered = 32 * MIB;
  const receiptBytes = 8 * KIB;
  server = await startTestServer({ limits: { outputBytesMax: 64 * KIB } });
  const bystander = await openBystander(server);
  const client = await RawStomp.login(server.stompPort);
  sockets.push(client);
  client.socket.pause();
  const receipt = 'r'.repeat(receiptBytes);
  const frame = `SEND\ndestination:/topic/void\nreceipt:${receipt}\n\nx^`;
  const frames = Math.floor(offered / frame.length);
  for (let count = 0; count < frames; count++) client.send(frame);

  const received = await readUntilCalm(server, bystander, frame.length);
  expect(received, 'bytes that the server has read').toBeLessThan(offered / 2);

  // It reads again, and everything was answered.
  let answers = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (text: string) => {
    answers += text.split('\0').length - 1;
  });
  client.socket.resume();
  await until(() => answers === frames);
});

test('a client of AMQP that asks and never reads its answers is read no further', async () => {
  const offered = 32 * MIB;
  server = await startTestServer({ limits: { outputBytesMax: 64 * KIB } });
  const bystander = await openBystander(server);
  const client = connect(server.amqpPort, '127.0.0.1');
  sockets.push(client);
  client.on('error', () => {});
  const attach = amqp.attach({ name: 'n', role: true, source: { address: 'q' }, target: {} });
  client.write(Buffer.concat([header(AMQP), amqp.open(), amqp.begin(), attach]));
  const flow = amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 0, echo: true });
  const flows = Buffer.concat(Array<Buffer>(Math.ceil(MIB / flow.length)).fill(flow));
  for (let bytes = 0; bytes < offered; bytes += flows.length) client.write(flows);
  const received = await readUntilCalm(server, bystander, 64 * KIB);
  expect(received, 'bytes that the server has read').toBeLessThan(offered / 2);

  // It reads again, and so does the server.
  client.resume();
  await until(() => server!.broker.metrics.bytesReceived > offered);
});

async function openBystander({ mqttPort }: TestServer): Promise<RawMqtt> {
  const bystander = await RawMqtt.open(mqttPort);
  sockets.push(bystander);
  await bystander.login();
  await bystander.subscribe('a');
  return bystander;
}

async function until(done: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error('it does not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

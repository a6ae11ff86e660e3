import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AmqpPeer } from '../clients/amqp-client.js';
import { MqttPeer } from '../clients/mqtt-client.js';
import { type Headers, StompPeer } from '../clients/stomp-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

let server: TestServer;
const ends: (() => void)[] = [];

beforeAll(async () => {
  server = await startTestServer({
    policies: [
      { destination: 'queue://strict.>', strict: true },
      { destination: 'topic://strict.>', strict: true },
    ],
  });
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
afterAll(() => server.close());

async function openStomp(): Promise<StompPeer> {
  const peer = await StompPeer.open({ port: server.stompPort });
  ends.push(() => peer.drop());
  return peer;
}

async function openMqtt(protocolVersion: 4 | 5): Promise<MqttPeer> {
  const peer = await MqttPeer.open(`mqtt://127.0.0.1:${server.mqttPort}`, { protocolVersion });
  ends.push(() => peer.client.end(true));
  return peer;
}

/** Everything that the broker answers to the frames, until it closes the connection. */
async function refusalOf(...frames: string[]): Promise<string> {
  const socket = connect(server.stompPort, '127.0.0.1');
  let answers = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answers += text;
  });
  const login = 'CONNECT\naccept-version:1.2\nhost:localhost\n\n\0';
  socket.write([login, ...frames.map((frame) => `${frame}\0`)].join(''));
  await once(socket, 'close');
  return answers.slice(answers.indexOf('ERROR'));
}

/** No symbol of AMQP holds it. */
const TYPE = 'content-type:text/ü';
/** STOMP receivers see the first only. */
const REPEATED = { userProperties: { colour: ['red', 'green'] } };

test('takes what every protocol can carry', async () => {
  const stomp = await openStomp();
  const headers: Headers = { type: 'order', priority: '9', JMSXGroupID: 'g', colour: 'red' };
  await stomp.send({ destination: '/queue/strict.a', ...headers }, 'body');
  const mqtt = await openMqtt(5);
  await mqtt.client.subscribeAsync('$queue/strict.a', { qos: 1 });
  expect((await mqtt.inbox.next()).properties?.userProperties).toMatchObject({
    JMSType: 'order',
    colour: 'red',
  });
  const properties = { userProperties: { colour: 'red' }, correlationData: Buffer.of(0, 255) };
  await mqtt.client.publishAsync('strict/a', 'body', { qos: 1, properties });
});

test('STOMP gets an ERROR that names the part', async () => {
  const refusal = await refusalOf(`SEND\ndestination:/queue/strict.b\n${TYPE}\n\nbody`);
  expect(refusal).toContain('message:message not the same for all');
  expect(refusal).toContain('AMQP 1.0 would lose contentType: symbols are ASCII');
});

test('a topic that is a wildcard in MQTT is refused as well', async () => {
  const refusal = await refusalOf('SEND\ndestination:/topic/strict.b*\n\nbody');
  expect(refusal).toContain('MQTT 5 would lose destination');
});

test('a transaction of STOMP is refused as a whole', async () => {
  const send = 'SEND\ndestination:/queue/strict.c\ntransaction:t\n';
  const refusal = await refusalOf(
    'BEGIN\ntransaction:t\n\n',
    `${send}\ngood`,
    `${send}${TYPE}\n\nbad`,
    'COMMIT\ntransaction:t\n\n',
  );
  expect(refusal).toContain('AMQP 1.0 would lose contentType');
  const reader = await openStomp();
  await reader.send({ destination: '/queue/strict.c' }, 'alone');
  await reader.subscribe('/queue/strict.c');
  expect((await reader.inbox.next()).body.toString()).toBe('alone');
});

test.each([1, 2] as const)('MQTT 5 gets a reason code and a text, at QoS %i', async (qos) => {
  const mqtt = await openMqtt(5);
  let answer: { reasonCode?: number; properties?: { reasonString?: string } } = {};
  mqtt.client.on('packetreceive', (packet) => {
    if (packet.cmd === 'puback' || packet.cmd === 'pubrec') answer = packet;
  });
  await expect(
    mqtt.client.publishAsync('$queue/strict.d', 'x', { qos, properties: REPEATED }),
  ).rejects.toThrow();
  expect(answer).toMatchObject({
    reasonCode: 0x83,
    properties: {
      reasonString: expect.stringMatching(/^STOMP 1\.2 would lose properties\.colour: /),
    },
  });
  // The connection lives on, and so does the packet identifier.
  await mqtt.client.publishAsync('$queue/strict.d', 'x', { qos });
});

test('AMQP gets its message rejected', async () => {
  const peer = await AmqpPeer.open({ port: server.amqpPort });
  ends.push(() => peer.drop());
  const sender = await peer.sender('queue://strict.f');
  // Too long for a user property of MQTT.
  const long = 'x'.repeat(65_536);
  const lossy = { body: 'x', durable: true, application_properties: { long } };
  const { name, condition, delivery } = await sender.send(lossy);
  expect([name, condition]).toEqual(['rejected', 'amqp:precondition-failed']);
  const { description } = delivery.remote_state!.error as { description: string };
  expect(description).toMatch(/^MQTT 5 would lose properties\.long: /);
  // Types are no loss: everybody else has text.
  const typed = { body: 7, durable: true, application_properties: { number: 1.5 } };
  expect((await sender.send(typed)).name).toBe('accepted');
});

test('MQTT at QoS 0 loses the message alone', async () => {
  const mqtt = await openMqtt(5);
  const { messagesDropped } = server.broker.metrics;
  await mqtt.client.publishAsync('strict/e', 'x', { qos: 0, properties: REPEATED });
  await mqtt.client.publishAsync('strict/e', 'y', { qos: 1 });
  expect(server.broker.metrics.messagesDropped).toBe(messagesDropped + 1);
});

test('other destinations take anything', async () => {
  const stomp = await openStomp();
  await stomp.send({ destination: '/queue/lenient', 'content-type': 'text/ü' });
});

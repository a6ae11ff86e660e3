import type { IPublishPacket } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { MqttPeer, payloadOf, textsOf } from './mqtt-client.js';
import { bodiesOf, type Headers, type StompMessage, StompPeer } from './stomp-client.js';

let server: TestServer;
let names = 0;
const ends: (() => void)[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
afterAll(() => server.close());

async function openMqtt(options: Parameters<typeof MqttPeer.open>[1] = {}): Promise<MqttPeer> {
  const url = `mqtt://127.0.0.1:${server.mqttPort}`;
  const peer = await MqttPeer.open(url, { protocolVersion: 5, ...options });
  ends.push(() => peer.client.end(true));
  return peer;
}

async function openStomp(): Promise<StompPeer> {
  const peer = await StompPeer.open({ port: server.stompPort });
  ends.push(() => peer.drop());
  return peer;
}

/** Sends one message from STOMP and returns what MQTT 5 received. */
async function toMqtt(headers: Headers, body: string | Buffer = 'body'): Promise<IPublishPacket> {
  const level = `field${++names}`;
  const reader = await openMqtt();
  await reader.client.subscribeAsync(`fields/${level}`, { qos: 2 });
  const writer = await openStomp();
  await writer.send({ destination: `/topic/fields.${level}`, ...headers }, body);
  return reader.inbox.next();
}

/** Publishes one message with MQTT 5 and returns what STOMP received. */
async function toStomp(
  properties: IPublishPacket['properties'],
  body: string | Buffer = 'body',
  qos: 0 | 1 | 2 = 1,
): Promise<StompMessage> {
  const level = `field${++names}`;
  const reader = await openStomp();
  await reader.subscribe(`/topic/fields.${level}`);
  const writer = await openMqtt();
  const options = { qos, ...(properties === undefined ? {} : { properties }) };
  await writer.client.publishAsync(`fields/${level}`, body, options);
  return reader.inbox.next();
}

describe('from STOMP to MQTT 5', () => {
  test('the content type', async () => {
    const { properties } = await toMqtt({ 'content-type': 'application/json' }, '{}');
    expect(properties).toMatchObject({
      contentType: 'application/json',
      payloadFormatIndicator: true,
    });
  });

  test.each([
    ['text', {}, 'text', true],
    ['bytes by type', { 'content-type': 'application/octet-stream' }, 'text', undefined],
    ['bytes by amq-msg-type', { 'amq-msg-type': 'bytes' }, 'text', undefined],
    ['bytes that are no text', {}, Buffer.of(0xff, 0), undefined],
  ] as const)('the payload format indicator of %s', async (_what, headers, body, indicator) => {
    const { properties } = await toMqtt({ ...headers }, body);
    expect(properties?.payloadFormatIndicator).toBe(indicator);
  });

  test('a body in Latin-1 becomes UTF-8, and says so', async () => {
    const type = { 'content-type': 'text/plain;charset=iso-8859-1' };
    const packet = await toMqtt(type, Buffer.of(0xe4));
    expect(payloadOf(packet).toString()).toBe('ä');
    expect(packet.properties?.contentType).toBe('text/plain;charset=utf-8');
  });

  test('other headers become user properties, in their order', async () => {
    const { properties } = await toMqtt({ zebra: '1', 'a:b': 'c\nd', empty: '', constructor: 'x' });
    expect(Object.entries(properties?.userProperties ?? {})).toEqual([
      ['zebra', '1'],
      ['a:b', 'c\nd'],
      ['empty', ''],
      ['constructor', 'x'],
    ]);
  });

  test.each([
    ['/queue/answers.here', '$queue/answers.here'],
    ['/topic/answers.here', 'answers/here'],
  ])('reply-to %s is response topic %s', async (replyTo, responseTopic) => {
    expect((await toMqtt({ 'reply-to': replyTo })).properties).toMatchObject({ responseTopic });
  });

  test('a reply-to that is no destination here stays a user property', async () => {
    const { properties } = await toMqtt({ 'reply-to': 'somewhere' });
    expect(properties?.responseTopic).toBeUndefined();
    expect(properties?.userProperties).toEqual({ 'reply-to': 'somewhere' });
  });

  test.each([
    ['text', 'request ä', Buffer.from('request ä')],
    ['bytes', 'ID:AMQP_BINARY:00FF', Buffer.of(0, 0xff)],
  ])('a correlation-id of %s', async (_what, text, correlationData) => {
    const { properties } = await toMqtt({ 'correlation-id': text });
    expect(properties).toMatchObject({ correlationData });
  });

  test('expires becomes the seconds that are left', async () => {
    const { properties } = await toMqtt({ expires: String(Date.now() + 100_000_000) });
    expect(properties?.messageExpiryInterval).toBeGreaterThan(99_000);
    expect(properties?.messageExpiryInterval).toBeLessThanOrEqual(100_001);
  });

  test.each([
    ['true', 1],
    ['false', 0],
  ] as const)('persistent:%s is QoS %i', async (persistent, qos) => {
    expect((await toMqtt({ persistent })).qos).toBe(qos);
  });

  test('to a topic without a persistent header, the QoS is 0; through a queue it is 1', async () => {
    expect((await toMqtt({})).qos).toBe(0);
    const queue = `fields.queue${++names}`;
    const writer = await openStomp();
    await writer.send({ destination: `/queue/${queue}` });
    const reader = await openMqtt();
    await reader.client.subscribeAsync(`$queue/${queue}`, { qos: 1 });
    expect((await reader.inbox.next()).qos).toBe(1);
  });

  test('what MQTT has no property for becomes user properties with the names of JMS', async () => {
    const { properties } = await toMqtt({
      priority: '9',
      type: 'kind',
      timestamp: '1',
      receipt: 'r',
      'content-encoding': 'gzip',
      'amqp-message-id': 'm',
      JMSXGroupID: 'g',
      JMSXGroupSeq: '7',
      JMS_AMQP_ReplyToGroupID: 'h',
      'x-opt-annotation': 'a',
    });
    expect(properties?.userProperties).toEqual({
      JMSMessageID: 'm',
      JMSType: 'kind',
      'content-encoding': 'gzip',
      JMSTimestamp: '1',
      JMSXGroupID: 'g',
      JMSXGroupSeq: '7',
      JMS_AMQP_ReplyToGroupID: 'h',
      'x-opt-annotation': 'a',
      JMSPriority: '9',
    });
  });

  test('nobody can forge who he is, or what the broker says of a dead letter', async () => {
    const { properties } = await toMqtt({ JMSXUserID: 'admin', 'x-dead-letter-reason': 'none' });
    expect(properties?.userProperties).toEqual({
      'property-JMSXUserID': 'admin',
      'property-x-dead-letter-reason': 'none',
    });
  });
});

describe('from MQTT 5 to STOMP', () => {
  test('the content type', async () => {
    const { headers, body } = await toStomp({ contentType: 'application/json' }, '{}');
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-length': 2 });
    expect(body.toString()).toBe('{}');
  });

  test('user properties become headers; of a name that repeats the first counts', async () => {
    const userProperties = { zebra: ['1', '2'], 'a:b': 'c\nd', empty: '', constructor: 'x' };
    const { headers } = await toStomp({ userProperties });
    expect(headers).toMatchObject({ zebra: '1', 'a:b': 'c\nd', empty: '', constructor: 'x' });
  });

  test('a user property with the name of a header of the broker’s gets a prefix', async () => {
    const userProperties = { destination: '/queue/false', 'message-id': '1', ack: 'x' };
    const { headers } = await toStomp({ userProperties });
    expect(headers).toMatchObject({
      'property-destination': '/queue/false',
      'property-message-id': '1',
      'property-ack': 'x',
    });
    expect(headers.destination).toMatch(/^\/topic\//);
    expect(headers.ack).toBeUndefined();
  });

  test('user properties with the names of JMS become the headers of STOMP', async () => {
    const userProperties = {
      JMSMessageID: 'm',
      JMSType: 'kind',
      'content-encoding': 'gzip',
      JMSTimestamp: '1',
      JMSXGroupID: 'g',
      JMSXGroupSeq: '7',
      JMSPriority: '9',
      'x-opt-annotation': 'a',
    };
    const { headers } = await toStomp({ userProperties });
    expect(headers).toMatchObject({
      'amqp-message-id': 'm',
      type: 'kind',
      'content-encoding': 'gzip',
      timestamp: '1',
      JMSXGroupID: 'g',
      JMSXGroupSeq: '7',
      priority: '9',
      'x-opt-annotation': 'a',
    });
    expect(
      Object.keys(headers).filter((name) => /^JMS(Type|Timestamp|Priority)/.test(name)),
    ).toEqual([]);
  });

  test('nobody can forge who he is, or what the broker says of a dead letter', async () => {
    const userProperties = { JMSXUserID: 'admin', 'x-dead-letter-reason': 'none' };
    const { headers } = await toStomp({ userProperties });
    expect(headers).toMatchObject({
      'property-JMSXUserID': 'admin',
      'property-x-dead-letter-reason': 'none',
    });
    expect(headers.JMSXUserID ?? headers['x-dead-letter-reason']).toBeUndefined();
  });

  test.each([
    ['$queue/answers.here', '/queue/answers.here'],
    ['answers/he.re', '/topic/answers.he/re'],
  ])('response topic %s is reply-to %s', async (responseTopic, replyTo) => {
    expect((await toStomp({ responseTopic })).headers['reply-to']).toBe(replyTo);
  });

  test.each([
    ['text', Buffer.from('request ä'), 'request ä'],
    ['bytes', Buffer.of(0, 0xff), 'ID:AMQP_BINARY:00FF'],
  ])('correlation data of %s', async (_what, correlationData, text) => {
    expect((await toStomp({ correlationData })).headers['correlation-id']).toBe(text);
  });

  test('the expiry becomes a time', async () => {
    const { headers } = await toStomp({ messageExpiryInterval: 100_000 });
    const expires = Number(headers.expires) - 100_000_000;
    expect(Math.abs(expires - Number(headers.timestamp))).toBeLessThan(1000);
  });

  test.each([
    [0, undefined],
    [1, 'true'],
    [2, 'true'],
  ] as const)('QoS %i is persistent:%s', async (qos, persistent) => {
    expect((await toStomp({}, 'body', qos)).headers.persistent).toBe(persistent);
  });
});

test('a will has a priority, too', async () => {
  const level = `will${++names}`;
  const stomp = await openStomp();
  await stomp.subscribe(`/topic/wills.${level}`);
  const userProperties = { JMSPriority: '7', JMSType: 'kind' };
  const will = { topic: `wills/${level}`, payload: Buffer.from('gone'), qos: 1 as const };
  const victim = await openMqtt({
    will: { ...will, retain: false, properties: { userProperties } },
  });
  await victim.drop();
  expect((await stomp.inbox.next()).headers).toMatchObject({ priority: '7', type: 'kind' });
});

test('a request from MQTT is answered by STOMP, and the other way round', async () => {
  const answerer = await openStomp();
  await answerer.subscribe('/queue/work.requests');
  const client = await openMqtt();
  await client.client.subscribeAsync('work/answers', { qos: 1 });
  const properties = { responseTopic: 'work/answers', correlationData: Buffer.of(0xff, 7) };
  await client.client.publishAsync('$queue/work.requests', 'ask', { qos: 1, properties });
  const { headers } = await answerer.inbox.next();
  const correlation = { 'correlation-id': headers['correlation-id']! };
  await answerer.send({ destination: headers['reply-to']!, ...correlation }, 'answer');
  const answer = await client.inbox.next();
  expect(textsOf([answer])).toEqual(['answer']);
  expect(answer.properties?.correlationData).toEqual(Buffer.of(0xff, 7));

  const asker = await openStomp();
  await asker.subscribe('/temp-queue/mine');
  await client.client.subscribeAsync('$queue/work.other', { qos: 1 });
  const request = { destination: '/queue/work.other', 'reply-to': '/temp-queue/mine' };
  await asker.send({ ...request, 'correlation-id': 'c1' }, 'ask');
  const asked = (await client.inbox.next()).properties!;
  const { correlationData } = asked;
  await client.client.publishAsync(asked.responseTopic!, 'answer', {
    qos: 1,
    properties: { correlationData: correlationData! },
  });
  const replied = await asker.inbox.next();
  expect(bodiesOf([replied])).toEqual(['answer']);
  expect(replied.headers).toMatchObject({
    'correlation-id': 'c1',
    destination: '/temp-queue/mine',
  });
});

describe('the life of a message', () => {
  test('a priority is kept between STOMP clients', async () => {
    const destination = `/queue/priority${++names}`;
    const peer = await openStomp();
    await peer.send({ destination, priority: '9' });
    await peer.subscribe(destination);
    expect((await peer.inbox.next()).headers.priority).toBe('9');
  });

  test('what has expired reaches nobody, whoever sent it', async () => {
    const queue = `expiring${++names}`;
    const mqtt = await openMqtt();
    const stomp = await openStomp();
    const properties = { messageExpiryInterval: 10 };
    await mqtt.client.publishAsync(`$queue/${queue}`, 'mqtt', { qos: 1, properties });
    const expires = String(Date.now() + 10_000);
    await stomp.send({ destination: `/queue/${queue}`, expires }, 'stomp');
    server.skip(30_000);
    await stomp.send({ destination: `/queue/${queue}` }, 'lives');
    await mqtt.client.subscribeAsync(`$queue/${queue}`, { qos: 1 });
    expect(textsOf([await mqtt.inbox.next()])).toEqual(['lives']);
  });

  test('what an MQTT client took from a queue and left comes to STOMP flagged', async () => {
    const queue = `again${++names}`;
    const stomp = await openStomp();
    await stomp.send({ destination: `/queue/${queue}`, persistent: 'true' }, 'again');
    const mqtt = await openMqtt();
    // It never acknowledges.
    mqtt.client.handleMessage = () => {};
    const got = new Promise((resolve) => {
      mqtt.client.once('packetreceive', function look(packet) {
        if (packet.cmd === 'publish') resolve(packet);
        else mqtt.client.once('packetreceive', look);
      });
    });
    mqtt.client.subscribe(`$queue/${queue}`, { qos: 1 });
    await got;
    await mqtt.drop();
    await stomp.subscribe(`/queue/${queue}`, { ack: 'client' });
    const { headers, body } = await stomp.inbox.next();
    expect(body.toString()).toBe('again');
    expect(headers.redelivered).toBe('true');
  });

  test('what STOMP gave back comes to MQTT as a packet of its own, without DUP', async () => {
    const queue = `back${++names}`;
    const stomp = await openStomp();
    await stomp.send({ destination: `/queue/${queue}`, persistent: 'true' }, 'back');
    await stomp.subscribe(`/queue/${queue}`, { ack: 'client' });
    await stomp.inbox.next();
    await stomp.close();
    const mqtt = await openMqtt();
    await mqtt.client.subscribeAsync(`$queue/${queue}`, { qos: 1 });
    // DUP speaks of packets of one session [MQTT-3.3.1-1], not of messages.
    expect(await mqtt.inbox.next()).toMatchObject({ dup: false, qos: 1 });
  });

  test('a NACK with requeue:false makes a dead letter that says why, to MQTT as well', async () => {
    const queue = `dead${++names}`;
    const stomp = await openStomp();
    await stomp.send({ destination: `/queue/${queue}`, colour: 'red' }, 'poison');
    await stomp.subscribe(`/queue/${queue}`, { ack: 'client-individual' });
    await stomp.nack(await stomp.inbox.next(), { requeue: 'false' });
    const mqtt = await openMqtt();
    await mqtt.client.subscribeAsync('$queue/DLQ', { qos: 1 });
    const letter = await mqtt.inbox.next();
    expect(textsOf([letter])).toEqual(['poison']);
    expect(letter.properties?.userProperties).toMatchObject({
      colour: 'red',
      'x-dead-letter-reason': 'refused by its consumer',
      'x-dead-letter-origin': `queue://${queue}`,
      'x-dead-letter-delivery-count': expect.any(String),
      'x-dead-letter-time': expect.any(String),
    });
  });

  test('STOMP sees retained messages when it asks for them, and changes none', async () => {
    const level = `kept${++names}`;
    const mqtt = await openMqtt();
    await mqtt.client.publishAsync(`retained/${level}`, 'kept', { qos: 1, retain: true });
    const stomp = await openStomp();
    await stomp.subscribe(`/topic/retained.${level}`);
    await stomp.send({ destination: `/topic/retained.${level}` }, 'live');
    expect(bodiesOf([await stomp.inbox.next()])).toEqual(['live']);
    const other = await openStomp();
    await other.subscribe('/topic/retained.*', { 'activemq.retroactive': 'true' });
    expect(bodiesOf([await other.inbox.next()])).toEqual(['kept']);
    await mqtt.client.subscribeAsync(`retained/${level}`, { qos: 1 });
    expect(await mqtt.inbox.next()).toMatchObject({ retain: true });
  });

  test('STOMP sees wills', async () => {
    const level = `will${++names}`;
    const stomp = await openStomp();
    await stomp.subscribe(`/topic/wills.${level}`);
    const will = { topic: `wills/${level}`, payload: Buffer.from('gone'), qos: 1 as const };
    const victim = await openMqtt({
      will: { ...will, retain: false, properties: { contentType: 'text/plain' } },
    });
    await victim.drop();
    const { headers, body } = await stomp.inbox.next();
    expect(body.toString()).toBe('gone');
    expect(headers).toMatchObject({ 'content-type': 'text/plain', persistent: 'true' });
  });
});

import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RawMqtt } from '../support/raw-mqtt.js';
import { mqtt5, mqtt311 } from '../support/raw-mqtt-builder.js';
import { hex } from '../support/raw-mqtt-bytes.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const FRAME_BYTES_MAX = 4096;
const LIMITS = { frameBytesMax: FRAME_BYTES_MAX, handshakeBytesMax: 1024 };

let server: TestServer;
let bystander: RawMqtt;
beforeAll(async () => {
  server = await startTestServer({ limits: LIMITS });
});
afterAll(() => server.close());
beforeEach(async () => {
  bystander = await RawMqtt.open(server.mqttPort);
  await bystander.login({ clientId: 'bystander' });
  await bystander.subscribe('bystander');
});
afterEach(async () => {
  // Whatever the others did, this client is served.
  bystander.publish({ topic: 'bystander', payload: 'still here' });
  await bystander.expect('publish', { payload: 'still here' });
  await bystander.leave();
});

/** Sends bytes, reads until the server closes. */
function exchange(port: number, ...parts: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part as string, 'latin1');
    });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.on('end', () => socket.end());
    // What is sent after the server has closed is answered with a reset.
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

const STOMP_CONNECT = 'CONNECT\naccept-version:1.2\nhost:h\n\n\0';

async function mqttClient(level: 4 | 5 = 5): Promise<RawMqtt> {
  const client = await RawMqtt.open(server.mqttPort, level);
  await client.login({ clientId: 'bad' });
  return client;
}

describe('MQTT', () => {
  test('a length over the limit is refused from the header alone', async () => {
    const client = await mqttClient();
    client.send(hex('30 ff ff ff 7f'));
    await client.expectDisconnect(0x95);
  });

  test('a packet of the largest length is taken, and none that is a byte longer', async () => {
    const client = await mqttClient();
    const overhead = mqtt5.publish({ topic: 'a' }).length + 1;
    const fits = Buffer.alloc(FRAME_BYTES_MAX - overhead);
    client.publish({ topic: 'a', payload: fits });
    await client.expectSilence();
    client.publish({ topic: 'a', payload: Buffer.alloc(fits.length + 1) });
    await client.expectDisconnect(0x95);
  });

  test('a length that never ends is malformed', async () => {
    const client = await mqttClient();
    client.send(hex('30 ff ff ff ff 01'));
    await client.expectDisconnect(0x81);
  });

  test('a length over the limit before the login closes the connection', async () => {
    const answer = await exchange(server.mqttPort, hex('10 ff ff ff 7f'));
    expect(answer).toBe('');
  });

  test.each([3, 6, 255])('protocol level %d of MQTT is refused in words', async (level) => {
    const answer = await exchange(server.mqttPort, mqtt311.connect({ level }));
    // [MQTT-3.1.2-2]: 1 in MQTT 3, 0x84 in MQTT 5.
    const [type, , , code] = Buffer.from(answer, 'latin1');
    expect(type).toBe(0x20);
    expect([0x01, 0x84]).toContain(code);
  });

  test('text that is not UTF-8 is malformed', async () => {
    const client = await mqttClient();
    client.publish({ topic: Buffer.from('c328', 'hex') });
    await client.expectDisconnect(0x81, 0x90);
  });

  test('a client identifier that is not UTF-8 is refused', async () => {
    const client = await RawMqtt.open(server.mqttPort);
    client.send(mqtt5.connect({ clientId: Buffer.from('ed a0 80'.replaceAll(' ', ''), 'hex') }));
    await client.expectTurnedAway(0x81, 0x85);
  });

  test('an identifier that is used again before its PUBREL is one message', async () => {
    const reader = await RawMqtt.open(server.mqttPort);
    await reader.login({ clientId: 'reader' });
    await reader.subscribe('reuse');
    const client = await mqttClient();
    client.publish({ topic: 'reuse', payload: 'once', qos: 2, id: 7 });
    await client.expect('pubrec', { id: 7 });
    client.publish({ topic: 'reuse', payload: 'once', qos: 2, id: 7, dup: true });
    await client.expect('pubrec', { id: 7 });
    client.send(mqtt5.pubrel(7));
    await client.expect('pubcomp', { id: 7 });
    client.publish({ topic: 'reuse', payload: 'twice', qos: 2, id: 7 });
    await client.expect('pubrec', { id: 7 });
    await reader.expect('publish', { payload: 'once' });
    await reader.expect('publish', { payload: 'twice' });
    await reader.expectSilence();
    await Promise.all([client.leave(), reader.leave()]);
  });

  test('identifiers that nobody gave out are answered or ignored', async () => {
    const client = await mqttClient();
    client.send(mqtt5.puback(1234), mqtt5.pubcomp(1234));
    client.send(mqtt5.pubrel(99));
    await client.expect('pubcomp', { id: 99, reason: 0x92 });
    await client.expectSilence();
    await client.leave();
  });
});

describe('STOMP', () => {
  test.each([
    ['-1', 'malformed frame'],
    ['1099511627776', 'frame too large'],
    ['4097', 'frame too large'],
    ['99999999999999999999999999', 'malformed frame'],
    ['0x10', 'malformed frame'],
    ['', 'malformed frame'],
    ['1e3', 'malformed frame'],
    [' 5', 'malformed frame'],
    ['NaN', 'malformed frame'],
  ])('content-length:%s is an ERROR from the headers alone', async (length, message) => {
    const send = `SEND\ndestination:/topic/a\ncontent-length:${length}\n\n`;
    const answer = await exchange(server.stompPort, STOMP_CONNECT, send);
    expect(answer).toContain(`ERROR\nmessage:${message}\n`);
  });

  test('a content-length that is wrong is an ERROR', async () => {
    const send = 'SEND\ndestination:/topic/a\ncontent-length:2\n\nlonger\0';
    expect(await exchange(server.stompPort, STOMP_CONNECT, send)).toContain('ERROR\n');
  });

  test('a body without an end is an ERROR at the limit', async () => {
    const body = 'x'.repeat(FRAME_BYTES_MAX);
    const send = `SEND\ndestination:/topic/a\n\n${body}`;
    const answer = await exchange(server.stompPort, STOMP_CONNECT, send);
    expect(answer).toContain('ERROR\nmessage:frame too large\n');
  });

  test('headers without an end are an ERROR at the limit of the handshake', async () => {
    const answer = await exchange(server.stompPort, `CONNECT\nh:${'x'.repeat(1100)}`);
    expect(answer).toContain('ERROR\nmessage:frame too large\n');
  });

  test('headers that are not UTF-8 are an ERROR', async () => {
    const send = 'SEND\ndestination:/topic/\xc3\x28\n\n\0';
    expect(await exchange(server.stompPort, STOMP_CONNECT, send)).toContain('malformed frame');
  });

  test('unknown versions are told which ones there are', async () => {
    const answer = await exchange(server.stompPort, 'CONNECT\naccept-version:3.0\nhost:h\n\n\0');
    expect(answer).toContain('ERROR\nmessage:unsupported protocol version\nversion:1.0,1.1,1.2\n');
  });
});

describe('a listener for everything', () => {
  test.each([
    ['nothing known', Buffer.from('SSH-2.0-x\r\n')],
    ['zeros', Buffer.alloc(100)],
    ['ends of line without end', Buffer.alloc(100, 10)],
  ])('closes a connection that speaks %s', async (_, bytes) => {
    expect(await exchange(server.anyPort, bytes)).toBe('');
  });

  test('tells a client of another AMQP which one is spoken', async () => {
    const answer = await exchange(server.anyPort, Buffer.from('AMQP\0\0\x09\x01'));
    expect(answer).toBe('AMQP\x03\x01\0\0');
  });
});

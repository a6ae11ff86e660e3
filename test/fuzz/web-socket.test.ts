import { connect } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { mqtt5 } from '../support/raw-mqtt-builder.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { fuzz } from './support/fuzz.js';
import { cut, mutate } from './support/mutate.js';

const HANDSHAKE = [
  'GET /mqtt HTTP/1.1\r\n',
  'Host: localhost\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  'Sec-WebSocket-Version: 13\r\n',
  'Sec-WebSocket-Protocol: mqtt\r\n',
  '\r\n',
].map((line) => Buffer.from(line));
const MESSAGES = [
  mqtt5.connect({ clientId: 'web' }),
  mqtt5.subscribe(1, [['a', 1]]),
  mqtt5.publish({ topic: 'a', payload: 'x', qos: 1 }),
];
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ limits: { frameBytesMax: 4096, httpHeadBytesMax: 2048 } });
});
afterAll(() => server.close());

fuzz(
  'WebSockets that are not quite',
  120,
  async (random) => {
    const changes = () => (random.chance(0.5) ? random.below(4) : 0);
    const frames = Array.from({ length: random.between(1, 8) }, () => frame(random));
    const bytes = [...mutate(HANDSHAKE, random, changes()), ...mutate(frames, random, changes())];
    const port = random.chance(0.5) ? server.webSocketPort : server.anyPort;
    const answer = await exchange(port, cut(Buffer.concat(bytes), random).slice(0, 300));
    if (answer.length > 0) expect(answer).toMatch(/^HTTP\/1\.1 \d{3} |^\x20|^ERROR/);
    expect(await exchange(server.mqttPort, [MESSAGES[0]!])).toMatch(/^\x20/);
    expect(server.broker.connections.size).toBe(0);
  },
  0.1,
);

/** A frame of a client (RFC 6455, 5.2), mostly right. */
function frame(random: SeededRandom): Buffer {
  const payload = random.chance(0.7) ? random.pick(MESSAGES) : random.bytes(random.below(120));
  const opcode = random.pick([BINARY, BINARY, BINARY, BINARY, CONTINUATION, TEXT, CLOSE, PING]);
  const final = random.chance(0.9) ? 0x80 : 0;
  const mask = random.bytes(4);
  const masked = payload.map((byte, index) => byte ^ mask[index % 4]!);
  return Buffer.concat([Buffer.of(final | opcode, 0x80 | payload.length), mask, masked]);
}

/** Sends chunks and closes its side; resolves with what came when the server has closed too. */
function exchange(port: number, chunks: readonly Buffer[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      for (const chunk of chunks) socket.write(chunk);
      socket.end();
    });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

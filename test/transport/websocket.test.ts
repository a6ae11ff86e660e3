import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { byteRelay } from './byte-relay.js';
import { CertificateAuthority } from './certificates.js';
import { type FakeEngine, type FakeProtocolOptions, fakeProtocol } from './fake-protocol.js';
import { Harness, type HarnessOptions, until } from './harness.js';
import { RawClient } from './raw-client.js';

interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

class Client {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  pings = 0;
  closeCode: number | null = null;
  refusal: { status: number; text: string } | null = null;

  constructor(url: string, subprotocols: string[], options: ClientOptions = {}) {
    this.socket = new WebSocket(url, subprotocols, options);
    this.socket.on('message', (data: Buffer, isBinary) => this.messages.push({ data, isBinary }));
    this.socket.on('ping', () => this.pings++);
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    this.socket.on('error', () => {});
    this.socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        this.refusal = { status: response.statusCode ?? 0, text };
      });
    });
  }

  get text(): string {
    return Buffer.concat(this.messages.map(({ data }) => data)).toString();
  }

  async opens(): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN, 'the WebSocket opens');
    return this;
  }

  async receives(text: string): Promise<void> {
    await until(() => this.text.includes(text), `${text} arrives`);
  }

  async isClosed(): Promise<number> {
    await until(() => this.closeCode !== null, 'the WebSocket closes');
    return this.closeCode!;
  }

  async isRefused(): Promise<{ status: number; text: string }> {
    await until(() => this.refusal !== null, 'the WebSocket is refused');
    return this.refusal!;
  }
}

async function listenToWebSockets(
  options: {
    readonly fake?: FakeProtocolOptions;
    readonly limits?: HarnessOptions['limits'];
    readonly allowedOrigins?: string[];
  } = {},
) {
  const mqtt = fakeProtocol('mqtt', { subprotocols: ['mqtt', 'mqttv3.1'], ...options.fake });
  const stomp = fakeProtocol('stomp', {
    subprotocols: ['v10.stomp', 'v11.stomp', 'v12.stomp'],
    ...options.fake,
  });
  const harness = new Harness({
    protocols: [mqtt, stomp],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const { port } = await harness.listen({
    protocol: 'ws',
    allowedOrigins: options.allowedOrigins,
  });
  const open = (subprotocols: string | string[], settings?: ClientOptions) =>
    new Client(`ws://127.0.0.1:${port}/any/path`, [subprotocols].flat(), settings);
  return { harness, mqtt, open, port, stomp };
}

describe('the WebSocket handshake', () => {
  it.each([
    [['mqtt'], 'mqtt', 'mqtt'],
    [['mqttv3.1'], 'mqtt', 'mqttv3.1'],
    [['v12.stomp', 'v11.stomp'], 'stomp', 'v12.stomp'],
    [['v10.stomp', 'v11.stomp'], 'stomp', 'v10.stomp'],
    [['chat', 'v11.stomp', 'mqtt'], 'stomp', 'v11.stomp'],
  ])('agrees on the first sub-protocol of %j that is known', async (offered, name, agreed) => {
    const { mqtt, open, stomp } = await listenToWebSockets();
    const client = await open(offered).opens();
    expect(client.socket.protocol).toBe(agreed);
    const [engine] = (name === 'mqtt' ? mqtt : stomp).engines;
    expect(engine!.sink.webSocketProtocol).toBe(agreed);
    expect(engine!.sink.remoteAddress).toBe('127.0.0.1');
  });

  it.each([[['chat']], [['MQTT', 'chat']], [[]]])(
    'refuses %j and says what there is',
    async (offered) => {
      const { harness, open } = await listenToWebSockets();
      const { status, text } = await open(offered).isRefused();
      expect(status).toBe(400);
      expect(text).toContain('mqtt, mqttv3.1, v10.stomp, v11.stomp, v12.stomp');
      await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    },
  );

  it('tells a plain request what this port is for', async () => {
    const { port } = await listenToWebSockets();
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(426);
    expect(response.headers.get('upgrade')).toBe('websocket');
    expect(await response.text()).toContain('mqtt');
  });

  it('refuses web pages of other origins when origins are listed', async () => {
    const { open } = await listenToWebSockets({ allowedOrigins: ['https://shop.example'] });
    const { status } = await open('mqtt', { origin: 'https://evil.example' }).isRefused();
    expect(status).toBe(403);
    await open('mqtt', { origin: 'https://shop.example' }).opens();
    await open('mqtt').opens();
  });

  it('refuses a request that is too long', async () => {
    const { harness, port } = await listenToWebSockets();
    const client = RawClient.connect(port).send(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`);
    await client.isClosed();
    expect(client.text).toMatch(/^HTTP\/1.1 431 /);
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
  });

  it('works byte by byte, plain and over TLS, on a listener that takes everything', async () => {
    const authority = new CertificateAuthority();
    const mqtt = fakeProtocol('mqtt', { subprotocols: ['mqtt'] });
    const harness = new Harness({ protocols: [mqtt] });
    const tls = authority.issue('/CN=localhost');
    const { port } = await harness.listen({ protocol: 'any', tls });
    const relay = await byteRelay(port);
    const ca = readFileSync(authority.certificate);
    for (const scheme of ['ws', 'wss']) {
      const client = new Client(`${scheme}://127.0.0.1:${relay}/`, ['mqtt'], { ca });
      await client.opens();
      client.socket.send(Buffer.from('hello'));
      await client.receives('hello');
    }
    authority.remove();
    expect(mqtt.engines.map(({ sink }) => sink.secure)).toEqual([false, true]);
  });
});

describe('WebSocket messages', () => {
  it('[MQTT-6.0.0-1] closes an MQTT client that sends text', async () => {
    const { harness, mqtt, open } = await listenToWebSockets();
    const client = await open('mqtt').opens();
    client.socket.send('text');
    expect(await client.isClosed()).toBe(1003);
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(mqtt.engines[0]!.chunks).toEqual([]);
    expect(mqtt.engines[0]!.closedWith).toHaveLength(1);
  });

  it('[MQTT-6.0.0-2] joins packets that are split over messages and frames', async () => {
    const { mqtt, open } = await listenToWebSockets();
    const client = await open('mqtt').opens();
    client.socket.send(Buffer.from('one '), { fin: false });
    client.socket.send(Buffer.from('two '), { fin: true });
    client.socket.send(Buffer.from('three'));
    await client.receives('one two three');
    expect(mqtt.engines[0]!.received).toBe('one two three');
  });

  it('answers STOMP in text when the peer sends text, and in binary otherwise', async () => {
    const { open } = await listenToWebSockets();
    const client = await open('v12.stomp').opens();
    client.socket.send('ünïcode');
    await until(() => client.messages.length === 1, 'the first answer arrives');
    client.socket.send(Buffer.from('binary'));
    await until(() => client.messages.length === 2, 'the second answer arrives');
    client.socket.send('text');
    await until(() => client.messages.length === 3, 'the third answer arrives');
    const answers = client.messages.map(({ data, isBinary }) => [data.toString(), isBinary]);
    expect(answers).toEqual([
      ['ünïcode', false],
      ['binary', true],
      ['text', false],
    ]);
  });

  it('sends as binary what is not text, also to a peer that sends text', async () => {
    const { open } = await listenToWebSockets({
      fake: { onReceive: (engine) => engine.send(Buffer.from([0xff, 0xfe])) },
    });
    const client = await open('v12.stomp').opens();
    client.socket.send('text');
    await until(() => client.messages.length === 1, 'the answer arrives');
    expect(client.messages[0]).toEqual({ data: Buffer.from([0xff, 0xfe]), isBinary: true });
  });

  it('sends one message per turn, however much was written in it', async () => {
    const { open } = await listenToWebSockets({
      fake: {
        onReceive: (engine) => {
          for (let count = 0; count < 20; count++) engine.send(Buffer.alloc(10_000, 65 + count));
        },
      },
    });
    const client = await open('mqtt').opens();
    client.socket.send(Buffer.from('go'));
    await until(() => client.messages.length > 0, 'the answer arrives');
    const expected = Array.from({ length: 20 }, (_, index) => Buffer.alloc(10_000, 65 + index));
    expect(client.messages[0]!.data.equals(Buffer.concat(expected))).toBe(true);
    expect(client.messages).toHaveLength(1);
  });

  it('closes a client whose message is larger than a frame may be', async () => {
    const { harness, mqtt, open } = await listenToWebSockets({ limits: { frameBytesMax: 1000 } });
    const client = await open('mqtt').opens();
    client.socket.send(Buffer.alloc(1001));
    expect(await client.isClosed()).toBe(1009);
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(mqtt.engines[0]!.closedWith).toEqual(['reset']);
  });

  it('bounds an incomplete message before login', async () => {
    const limits = { handshakeBytesMax: 16 * 1024, frameBytesMax: 16 * 1024 * 1024 };
    const { harness, mqtt, open } = await listenToWebSockets({ limits });
    const client = await open('mqtt').opens();
    client.socket.send(Buffer.alloc(4_000_000));
    expect(await client.isClosed()).toBe(1006);
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(mqtt.engines[0]!.chunks).toEqual([]);

    const member = await open('mqtt').opens();
    member.socket.send(Buffer.from('login'));
    await member.receives('login');
    member.socket.send(Buffer.alloc(4_000_000));
    await until(() => member.messages.length === 2, 'the large message is echoed');
  });
});

describe('the end of a WebSocket', () => {
  it.each([
    ['ended', (client: Client) => client.socket.close(1000)],
    ['ended', (client: Client) => client.socket.close()],
    ['reset', (client: Client) => client.socket.terminate()],
  ] as const)('is told once: %s', async (reason, leave) => {
    const { harness, mqtt, open } = await listenToWebSockets();
    const client = await open('mqtt').opens();
    leave(client);
    await until(() => harness.transport.connectionCount === 0, 'the connection is forgotten');
    expect(mqtt.engines[0]!.closedWith).toEqual([reason]);
  });

  it('sends what was written before the engine ends it', async () => {
    const { mqtt, open } = await listenToWebSockets({
      fake: {
        onReceive: (engine) => {
          engine.send('bye');
          engine.sink.end();
        },
      },
    });
    const client = await open('mqtt').opens();
    client.socket.send(Buffer.from('x'));
    expect(await client.isClosed()).toBe(1000);
    expect(client.text).toBe('bye');
    expect(mqtt.engines[0]!.closedWith).toEqual(['local']);
  });

  it('is in the protocol when the broker stops', async () => {
    const { harness, open } = await listenToWebSockets();
    const client = await open('mqtt').opens();
    await harness.transport.close(60_000);
    expect(await client.isClosed()).toBe(1000);
    expect(client.text).toBe('error shutting-down\n');
  });

  it('comes when the peer does not answer a ping', async () => {
    const { harness, mqtt, open } = await listenToWebSockets({
      limits: { webSocketIdleMs: 30_000 },
    });
    const login = async (settings?: ClientOptions) => {
      const client = await open('mqtt', settings).opens();
      client.socket.send(Buffer.from('login'));
      await client.receives('login');
      return client;
    };
    const alive = await login();
    const dead = await login({ autoPong: false });
    const swept = async () => {
      const marks = mqtt.engines.map((engine) => ({ engine, ticks: engine.ticks }));
      const seen = () =>
        marks.every(({ engine, ticks }) => !engine.open || engine.ticks > ticks + 1);
      await until(seen, 'all were looked at');
    };
    await swept();
    harness.nowMs = 30_000;
    await until(() => alive.pings === 1 && dead.pings === 1, 'both are pinged');
    await swept();
    harness.nowMs = 60_000;
    await swept();
    await dead.isClosed();
    expect(alive.closeCode).toBeNull();
    expect(mqtt.engines.map(({ closedWith }) => closedWith)).toEqual([[], ['reset']]);
  });
});

describe('WebSocket backpressure', () => {
  it('holds the engine back until the reader reads', async () => {
    const frame = Buffer.alloc(1000, 'f');
    const frames = 50_000;
    let sent = 0;
    const fill = (engine: FakeEngine) => {
      for (; sent < frames && !engine.sink.congested; sent++) engine.send(frame);
    };
    const { mqtt, open } = await listenToWebSockets({
      fake: { onReceive: fill, onWritable: fill },
    });
    const client = await open('mqtt').opens();
    client.socket.send(Buffer.from('go'));
    client.socket.pause();
    const [engine] = mqtt.engines;
    await until(() => engine!.writables > 0 && engine!.sink.congested, 'the kernel is full');
    expect(sent).toBeLessThan(frames);
    client.socket.resume();
    const bytes = () => client.messages.reduce((sum, { data }) => sum + data.length, 0);
    await until(() => bytes() === frames * frame.length, 'everything arrives');
  });
});

import { Client, type IMessage, Versions } from '@stomp/stompjs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { Inbox } from './inbox.js';

let server: TestServer;
const clients: Client[] = [];
let names = 0;

beforeAll(async () => {
  server = await startTestServer({ limits: { heartBeatMs: 5000 } });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.deactivate({ force: true })));
});
afterAll(() => server.close());

const VERSIONS = [
  { version: '1.0', subprotocol: 'v10.stomp' },
  { version: '1.1', subprotocol: 'v11.stomp' },
  { version: '1.2', subprotocol: 'v12.stomp' },
];

interface Opened {
  readonly client: Client;
  readonly socket: WebSocket;
  /** What the library logs: heart-beats appear nowhere else. */
  readonly log: Inbox<string>;
}

async function open(version: string): Promise<Opened> {
  const log = new Inbox<string>();
  const versions = new Versions([version]);
  let socket: WebSocket | null = null;
  const client = new Client({
    // Node 20 has no WebSocket of its own for the library to use.
    webSocketFactory: () => {
      socket = new WebSocket(
        `ws://127.0.0.1:${server.webSocketPort}/stomp`,
        versions.protocolVersions(),
      );
      return socket as never;
    },
    stompVersions: versions,
    heartbeatIncoming: 4000,
    heartbeatOutgoing: 4000,
    reconnectDelay: 0,
    debug: (line) => log.add(line),
  });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.onConnect = () => resolve();
    client.onStompError = ({ headers }) => reject(new Error(headers.message));
    client.onWebSocketError = reject;
    client.activate();
  });
  return { client, socket: socket!, log };
}

async function subscribe(
  { client }: Opened,
  destination: string,
  ack = 'auto',
): Promise<Inbox<IMessage>> {
  const inbox = new Inbox<IMessage>();
  const receipt = `receipt-${++names}`;
  const confirmed = new Promise<void>((resolve) =>
    client.watchForReceipt(receipt, () => resolve()),
  );
  client.subscribe(destination, (message) => inbox.add(message), { ack, receipt });
  await confirmed;
  return inbox;
}

describe.each(VERSIONS)('@stomp/stompjs, $subprotocol', ({ version, subprotocol }) => {
  test('agrees on the sub-protocol and the version', async () => {
    const { client, socket } = await open(version);
    expect(socket.protocol).toBe(subprotocol);
    expect(client.connectedVersion).toBe(version);
  });

  test('sends and receives text and bytes', async () => {
    const destination = `/topic/stompjs.${++names}`;
    const opened = await open(version);
    const inbox = await subscribe(opened, destination);
    opened.client.publish({ destination, body: 'ä €', headers: { colour: 'red' } });
    const text = await inbox.next();
    expect(text.body).toBe('ä €');
    expect(text.headers.colour).toBe('red');
    const binaryBody = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    opened.client.publish({ destination, binaryBody });
    expect((await inbox.next()).binaryBody).toEqual(binaryBody);
    // Older servers took a content-length for bytes: clients of theirs leave it out.
    opened.client.publish({ destination, body: 'short', skipContentLengthHeader: true });
    expect((await inbox.next()).body).toBe('short');
    opened.client.publish({ destination });
    expect((await inbox.next()).body).toBe('');
  });

  test('acknowledges; what it does not acknowledge comes again', async () => {
    const destination = `/queue/stompjs.${++names}`;
    const first = await open(version);
    const inbox = await subscribe(first, destination, 'client-individual');
    for (const body of ['kept', 'done']) first.client.publish({ destination, body });
    const [kept, done] = (await inbox.take(2)) as [IMessage, IMessage];
    expect([kept.body, done.body]).toEqual(['kept', 'done']);
    done.ack();
    await first.client.deactivate();
    const second = await open(version);
    const again = await subscribe(second, destination, 'client-individual');
    second.client.publish({ destination, body: 'end' });
    const rest = await again.take(2);
    expect(rest.map(({ body }) => body)).toEqual(['kept', 'end']);
    expect(rest[0]?.headers.redelivered).toBe('true');
  });
});

describe.each(VERSIONS.slice(1))('@stomp/stompjs, heart-beats in $subprotocol', ({ version }) => {
  test('flow in both directions as agreed, and keep the connection', async () => {
    const opened = await open(version);
    const destination = `/topic/stompjs.${++names}`;
    const inbox = await subscribe(opened, destination);
    // The slower of what both sides want.
    await opened.log.takeUntil((line) => line === 'send PING every 5000ms');
    await opened.log.takeUntil((line) => line === 'check PONG every 5000ms');
    for (let round = 0; round < 5; round++) {
      // Less than what either side waits before it gives the other up.
      for (let second = 0; second < 6; second++) server.skip(1000);
      await opened.log.takeUntil((line) => line === '<<< PONG');
      // What comes back was read after the ping that went before it.
      opened.client.publish({ destination, body: 'still here' });
      expect((await inbox.next()).body).toBe('still here');
    }
    expect(opened.client.connected).toBe(true);
  });
});

import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { RawAmqp } from './raw-amqp.js';
import { amqp, type FrameFields } from './raw-amqp-frames.js';
import { startTestServer, type TestServer, type TestServerOptions } from './test-server.js';

/** A server for the tests of a file, and its clients, which end with the test that opened them. */
export interface AmqpFixture {
  readonly server: TestServer;
  /** A name that no other test uses: for queues, links and containers. */
  name(hint?: string): string;
  /** Opens a connection on which nothing was sent. */
  open(): Promise<RawAmqp>;
  /** Opens a connection and logs in, as a container of its own unless told. */
  connect(fields?: FrameFields<'open'>): Promise<RawAmqp>;
  /** As `connect`, with a session on channel 0. */
  session(fields?: FrameFields<'begin'>): Promise<RawAmqp>;
  /** Has a client of its own send messages, and waits until the server has taken all of them. */
  fill(address: string, ...messages: readonly Buffer[]): Promise<void>;
}

/** Links begin with the credit that `linkCredit` says: it does not grow while messages come. */
const CREDIT_BYTES = 1024 ** 3;

/** Starts a server for all the tests of a file. Call it at the top of the file. */
export function useAmqpServer(options: TestServerOptions = {}): AmqpFixture {
  const clients: RawAmqp[] = [];
  let server: TestServer | null = null;
  let names = 0;
  beforeAll(async () => {
    const limits = { linkCreditBytes: CREDIT_BYTES, ...options.limits };
    server = await startTestServer({ ...options, limits });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  afterAll(() => server?.close());
  const fixture: AmqpFixture = {
    get server() {
      if (server === null) throw new Error('the server runs during tests only');
      return server;
    },
    name: (hint = 'name') => `${hint}${++names}`,
    open: async () => {
      const client = await RawAmqp.open(fixture.server.amqpPort);
      clients.push(client);
      return client;
    },
    connect: async (fields = {}) => {
      const client = await fixture.open();
      await client.login({ containerId: fixture.name('container'), ...fields });
      return client;
    },
    session: async (fields = {}) => {
      const client = await fixture.connect();
      await client.begin(fields);
      return client;
    },
    fill: async (address, ...messages) => {
      const client = await fixture.session();
      await client.attachSender(address);
      for (const [deliveryId, message] of messages.entries()) {
        client.send(amqp.transfer({ deliveryId, deliveryTag: `${deliveryId}` }, message));
        let answer = await client.next();
        while (answer.kind === 'flow') answer = await client.next();
        expect(answer).toMatchObject({ kind: 'disposition', state: { kind: 'accepted' } });
      }
      await client.drop();
    },
  };
  return fixture;
}

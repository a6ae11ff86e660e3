import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../support/test-server.js';
import { AmqpPeer } from './amqp-client.js';

export interface AmqpFixture {
  readonly server: TestServer;
  /** Connects; the peer is dropped after the test. */
  open(options?: object): Promise<AmqpPeer>;
  /** A name that no other test uses. */
  name(): string;
  /** The address of a queue that no other test uses. */
  queue(): string;
}

/** A whole broker in this process, whose time tests can skip, for all the tests of a file. */
export function useAmqpServer(options: TestServerOptions = {}): AmqpFixture {
  let server: TestServer;
  let names = 0;
  const peers: AmqpPeer[] = [];
  beforeAll(async () => {
    server = await startTestServer(options);
  });
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.drop();
  });
  afterAll(() => server.close());
  const name = () => `rhea.${++names}`;
  return {
    get server() {
      return server;
    },
    open: async (options = {}) => {
      const peer = await AmqpPeer.open({ port: server.amqpPort, options });
      peers.push(peer);
      return peer;
    },
    name,
    queue: () => `queue://${name()}`,
  };
}

import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../support/test-server.js';
import { type Carrier, type ProtocolName, type ProtocolPeer, protocolOf } from './protocol-peer.js';

export interface PeerFixture {
  readonly server: TestServer;
  /** Connects; the peer ends with the test. */
  open(protocol: ProtocolName, carrier: Carrier): Promise<ProtocolPeer>;
}

/** A whole broker in this process for all the tests of a file, and clients of every protocol. */
export function usePeers(options: TestServerOptions = {}): PeerFixture {
  let server: TestServer;
  const peers: ProtocolPeer[] = [];
  beforeAll(async () => {
    server = await startTestServer(options);
  });
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.end();
  });
  afterAll(() => server.close());
  return {
    get server() {
      return server;
    },
    open: async (protocol, carrier) => {
      const peer = await protocolOf(protocol).open(carrier, server);
      peers.push(peer);
      return peer;
    },
  };
}

import { afterAll, afterEach, beforeAll } from 'vitest';
import { RawMqtt } from './raw-mqtt.js';
import type { ConnectOptions, MqttLevel } from './raw-mqtt-builder.js';
import { startTestServer, type TestServer, type TestServerOptions } from './test-server.js';

/** A server for the tests of a file, and its clients, which end with the test that opened them. */
export interface MqttFixture {
  readonly server: TestServer;
  /** A name that no other test uses: for topics and client identifiers. */
  name(hint?: string): string;
  /** Opens a connection on which nothing was sent. */
  open(level?: MqttLevel): Promise<RawMqtt>;
  /** Opens a connection and logs in, under a client identifier of its own unless told. */
  connect(options?: ConnectOptions, level?: MqttLevel): Promise<RawMqtt>;
}

/** Starts a server for all the tests of a file. Call it at the top of the file. */
export function useMqttServer(options: TestServerOptions = {}): MqttFixture {
  const clients: RawMqtt[] = [];
  let server: TestServer | null = null;
  let names = 0;
  beforeAll(async () => {
    server = await startTestServer(options);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  afterAll(() => server?.close());
  const fixture: MqttFixture = {
    get server() {
      if (server === null) throw new Error('the server runs during tests only');
      return server;
    },
    name: (hint = 'name') => `${hint}${++names}`,
    open: async (level = 5) => {
      const client = await RawMqtt.open(fixture.server.mqttPort, level);
      clients.push(client);
      return client;
    },
    connect: async (connectOptions = {}, level = 5) => {
      const client = await fixture.open(level);
      await client.login({ clientId: fixture.name('client'), ...connectOptions });
      return client;
    },
  };
  return fixture;
}

import type { MessageClient } from '../clients/message-client.js';
import { openClient } from '../clients/open-client.js';
import type { Endpoint } from '../endpoint.js';
import type {
  BenchConsumer,
  BenchDriver,
  BenchProducer,
  ConsumerEvents,
  DriverSettings,
  ProducerEvents,
} from './bench-driver.js';

const LIBRARIES = { mqtt: 'mqtt', stomp: 'stompit', amqp: 'rhea' };

/** Measures through the libraries that applications use: `mqtt`, `stompit` and `rhea`. */
export function createLibraryDriver(endpoint: Endpoint, settings: DriverSettings): BenchDriver {
  const { connectTimeoutMs } = settings;
  return {
    name: `${LIBRARIES[endpoint.protocol]} library`,
    async openProducer(name, events) {
      const client = await openClient(endpoint, { clientId: name, connectTimeoutMs });
      client.ended.catch((error: Error) => events.failed(error));
      return new LibraryProducer(client, settings, events);
    },
    async openConsumer(name, events) {
      const client = await openClient(endpoint, {
        clientId: name,
        durable: settings.durable,
        receiveMaximum: settings.prefetch,
        connectTimeoutMs,
      });
      client.ended.catch((error: Error) => events.failed(error));
      return openLibraryConsumer(client, name, settings, events);
    },
  };
}

class LibraryProducer implements BenchProducer {
  readonly writable = true;
  readonly #client: MessageClient;
  readonly #settings: DriverSettings;
  readonly #confirmed: () => void;
  readonly #failed: (error: Error) => void;

  constructor(client: MessageClient, settings: DriverSettings, events: ProducerEvents) {
    this.#client = client;
    this.#settings = settings;
    this.#confirmed = () => events.confirmed(1);
    this.#failed = (error) => events.failed(error);
  }

  send(body: Buffer): void {
    const { destination, qos } = this.#settings;
    this.#client
      .send(destination, { body: Buffer.from(body), headers: [], qos })
      .then(this.#confirmed, this.#failed);
  }

  flush(): void {}

  close(): Promise<void> {
    return this.#client.close();
  }
}

async function openLibraryConsumer(
  client: MessageClient,
  name: string,
  settings: DriverSettings,
  events: ConsumerEvents,
): Promise<BenchConsumer> {
  const { destination, qos, ack, prefetch, durable } = settings;
  const durableName = durable ? name : undefined;
  const settled = Promise.resolve(true);
  await client.receive(
    { destination, qos, ack, prefetch, durable: durableName, headers: [] },
    ({ body }) => {
      events.received(body, 0, body.length);
      return settled;
    },
  );
  return { close: () => client.close() };
}

import { FORMAT_IDS, type MessageFormat } from '@causeway/core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { AmqpPeer } from '../clients/amqp-client.js';
import { MqttPeer } from '../clients/mqtt-client.js';
import { StompPeer } from '../clients/stomp-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const SUBSCRIBERS = 50;

let server: TestServer;
const ends: (() => void)[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0)) end();
});
afterAll(() => server.close());

const openMqtt = async (): Promise<MqttPeer> => {
  const url = `mqtt://127.0.0.1:${server.mqttPort}`;
  const peer = await MqttPeer.open(url, { protocolVersion: 5 });
  ends.push(() => peer.client.end(true));
  return peer;
};
const openStomp = async (): Promise<StompPeer> => {
  const peer = await StompPeer.open({ port: server.stompPort });
  ends.push(() => peer.drop());
  return peer;
};
const several = <Peer>(open: () => Promise<Peer>): Promise<Peer[]> =>
  Promise.all(Array.from({ length: SUBSCRIBERS }, open));

/** Counts what is converted into a format. */
function countBuilds(id: number): { readonly count: number } {
  const format: MessageFormat = server.broker.formats.get(id);
  const spy = vi.spyOn(format, 'build');
  return {
    get count() {
      return spy.mock.calls.length;
    },
  };
}

test.each([0, 1] as const)('from MQTT at QoS %i to fifty STOMP subscribers once', async (qos) => {
  const readers = await several(openStomp);
  await Promise.all(readers.map((reader) => reader.subscribe(`/topic/once.${qos}`)));
  const builds = countBuilds(FORMAT_IDS.stomp);
  const writer = await openMqtt();
  await writer.client.publishAsync(`once/${qos}`, 'body', { qos });
  for (const reader of readers) expect((await reader.inbox.next()).body.toString()).toBe('body');
  expect(builds.count).toBe(1);
});

test.each(['true', 'false'])(
  'from STOMP with persistent:%s to fifty MQTT subscribers once',
  async (persistent) => {
    const readers = await several(openMqtt);
    await Promise.all(
      readers.map((reader) => reader.client.subscribeAsync(`once/${persistent}`, { qos: 1 })),
    );
    const builds = countBuilds(FORMAT_IDS.mqtt);
    const writer = await openStomp();
    await writer.send({ destination: `/topic/once.${persistent}`, persistent }, 'body');
    for (const reader of readers)
      expect((await reader.inbox.next()).payload.toString()).toBe('body');
    expect(builds.count).toBe(1);
  },
);

test('from AMQP to fifty MQTT subscribers once', async () => {
  const readers = await several(openMqtt);
  await Promise.all(readers.map((reader) => reader.client.subscribeAsync('once/amqp', { qos: 1 })));
  const builds = countBuilds(FORMAT_IDS.mqtt);
  const writer = await AmqpPeer.open({ port: server.amqpPort });
  ends.push(() => writer.drop());
  await (await writer.sender('topic://once.amqp')).send('body');
  for (const reader of readers) expect((await reader.inbox.next()).payload.toString()).toBe('body');
  expect(builds.count).toBe(1);
});

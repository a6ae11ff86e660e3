import { expect, test } from 'vitest';
import { mqtt311 } from '../../support/raw-mqtt-builder.js';
import { hex, one, packet, prefixed, two } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const fixture = useMqttServer({
  anonymous: true,
  authorization: [
    { destination: 'topic://>', read: ['*'], write: ['*'], admin: ['*'] },
    { destination: 'topic://closed.>', read: ['people'], write: ['people'], admin: [] },
  ],
});
const { name } = fixture;
const connect = (options = {}) => fixture.connect(options, 4);

const FAILURE = 0x80;

test('[MQTT311-3.8.1-1] SUBSCRIBE with other flags closes the connection', async () => {
  const client = await connect();
  client.send(packet(0x80, two(1), prefixed('a'), one(0)));
  await client.expectClosed();
});

test('[MQTT311-3.8.3-3] SUBSCRIBE without a filter closes the connection', async () => {
  const client = await connect();
  client.send(mqtt311.subscribe(1, []));
  await client.expectClosed();
});

test.each([3, 4, 8, 0x10, 0x20, 0x40, 0x80])(
  '[MQTT311-3.8.3-4] the requested QoS %d closes the connection',
  async (qos) => {
    const client = await connect();
    client.send(mqtt311.subscribe(1, [['a', qos]]));
    await client.expectClosed();
  },
);

test('[MQTT311-3.8.4-1] [MQTT311-3.8.4-2] SUBSCRIBE is answered by SUBACK, without properties', async () => {
  const client = await connect();
  client.send(mqtt311.subscribe(0x1020, [[name('t'), 1]]));
  await client.expectBytes(hex('90 03 1020 01'));
});

test('[MQTT311-3.8.4-3] an identical filter replaces the subscription and sends what is retained', async () => {
  const topic = name('t');
  const client = await connect();
  await client.deliver({ topic, payload: 'kept', retain: true });
  for (const qos of [1, 0]) {
    await client.subscribe(topic, qos);
    await client.expect('publish', { payload: 'kept', retain: true, qos });
  }
  client.publish({ topic, payload: 'live' });
  await client.expect('publish', { payload: 'live' });
  await client.expectSilence();
});

test('[MQTT311-3.8.4-4] [MQTT311-3.8.4-5] [MQTT311-3.9.3-1] one return code for each filter, in their order', async () => {
  const client = await connect();
  client.send(
    mqtt311.subscribe(2, [
      [name('t'), 2],
      ['closed/a', 1],
      [name('t'), 0],
    ]),
  );
  const suback = await client.expect('suback', { id: 2 });
  expect(suback.reasons).toEqual([2, FAILURE, 0]);
});

test('[MQTT311-3.9.3-2] a refusal is 0x80, whatever its reason', async () => {
  const client = await connect();
  client.send(mqtt311.subscribe(2, [['closed/a', 1]]));
  await client.expectBytes(hex('90 03 0002 80'));
});

test('[MQTT311-4.7.1-2] [MQTT311-4.7.1-3] a filter with a misplaced wildcard is refused', async () => {
  for (const filter of ['a/#/b', 'a#', 'a+', '+a', '']) {
    const client = await connect();
    client.send(mqtt311.subscribe(2, [[filter, 0]]));
    const answer = await client.nextOrClosed();
    if (answer !== null) expect(answer).toMatchObject({ type: 'suback', reasons: [FAILURE] });
  }
});

test('[MQTT311-3.10.1-1] UNSUBSCRIBE with other flags closes the connection', async () => {
  const client = await connect();
  client.send(packet(0xa0, two(1), prefixed('a')));
  await client.expectClosed();
});

test('[MQTT311-3.10.3-2] UNSUBSCRIBE without a filter closes the connection', async () => {
  const client = await connect();
  client.send(mqtt311.unsubscribe(1, []));
  await client.expectClosed();
});

test('[MQTT311-3.10.4-4] [MQTT311-3.10.4-5] UNSUBACK has four bytes, whatever there was', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(topic);
  client.send(mqtt311.unsubscribe(0x2030, [topic, 'never']));
  await client.expectBytes(hex('b0 02 2030'));
  client.publish({ topic });
  await client.expectSilence();
});

test('[MQTT311-3.8.3-1] a client of MQTT 3.1.1 may join a shared subscription', async () => {
  const topic = name('t');
  const client = await connect();
  await client.subscribe(`$share/g/${topic}`, 1);
  const other = await fixture.connect({}, 5);
  await other.subscribe(`$share/g/${topic}`, 1);
  const sender = await connect();
  for (let id = 1; id <= 10; id++) await sender.deliver({ topic, id });
  for (const member of [client, other]) {
    const { id } = await member.expect('publish', { topic, qos: 1 });
    expect(id).toBeGreaterThan(0);
  }
});

import { expect, test } from 'vitest';
import { AMQP } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, header } from '../../support/raw-amqp-frames.js';

const IDLE_MS = 60_000;
const fixture = useAmqpServer({ limits: { idleTimeoutMs: IDLE_MS } });
const { connect, name, open } = fixture;

const EXPIRED = 'amqp:resource-limit-exceeded';
const skip = (milliseconds: number): void => fixture.server.skip(milliseconds);

test('2.4.5 2.8.6 the client is told half of what the server waits', async () => {
  const client = await open();
  expect(await client.login()).toMatchObject({ idleTimeOut: IDLE_MS / 2 });
});

test('2.4.5 a silent client is closed with a reason, and not before its time', async () => {
  const client = await connect();
  skip(IDLE_MS / 2);
  skip(IDLE_MS / 2 - 1000);
  await client.expectSilence();
  skip(1000);
  skip(IDLE_MS);
  const { error } = await client.expectClose(EXPIRED);
  expect(error.description).toMatch(/idle/);
});

test.each([
  ['an empty frame', amqp.empty()],
  ['an empty frame on another channel', amqp.empty(3)],
  ['a flow', amqp.flow()],
])('2.4.5 %s is a sign of life', async (_, frame) => {
  const client = await connect();
  await client.begin();
  for (let round = 0; round < 5; round++) {
    skip(IDLE_MS - 10_000);
    client.send(frame);
    await client.expectSilence();
  }
});

test('2.4.5 empty frames are not answered', async () => {
  const client = await connect();
  client.send(amqp.empty(), amqp.empty(), amqp.empty());
  await client.expectSilence();
});

test.each([1, 10, 99])(
  '2.4.5 2.7.1 an idle-time-out of %d ms is too short to be kept',
  async (idleTimeOut) => {
    const client = await open();
    client.send(header(AMQP), amqp.open({ containerId: name(), idleTimeOut }));
    await client.expectHeader(AMQP);
    await client.expect('open');
    const { error } = await client.expectClose('amqp:not-allowed');
    expect(error.description).toMatch(/idle-time-out/);
  },
);

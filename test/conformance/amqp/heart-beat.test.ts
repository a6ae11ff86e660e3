import { test } from 'vitest';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';

// The server waits for its clients for ever, so that all of the time may pass at once.
const fixture = useAmqpServer({ limits: { idleTimeoutMs: 0 } });
const { connect } = fixture;

test.each([2000, 5000, 8000, 10_000, 30_000, 100_000])(
  '2.4.5 a client that asks for %d ms hears something in that time',
  async (idleTimeOut) => {
    const client = await connect({ idleTimeOut });
    const step = Math.min(1000, idleTimeOut / 4);
    for (let elapsed = 0; elapsed < idleTimeOut * 3; elapsed += step) fixture.server.skip(step);
    // So many at least, or there was a silence that was longer.
    for (let count = 0; count < 3; count++) await client.expect('empty', { channel: 0 });
  },
);

test('2.4.5 a client that asks for nothing hears nothing', async () => {
  const client = await connect();
  for (let round = 0; round < 20; round++) {
    fixture.server.skip(10_000);
  }
  await client.expectSilence();
});

test('2.4.5 2.7.1 an idle-time-out of 0 is none', async () => {
  const client = await connect({ idleTimeOut: 0 });
  for (let round = 0; round < 20; round++) {
    fixture.server.skip(10_000);
  }
  await client.expectSilence();
});

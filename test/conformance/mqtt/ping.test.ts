import { test } from 'vitest';
import { PINGREQ } from '../../support/raw-mqtt-builder.js';
import { hex } from '../../support/raw-mqtt-bytes.js';
import { useMqttServer } from '../../support/raw-mqtt-fixture.js';

const { connect } = useMqttServer();

test('[MQTT-3.12.4-1] PINGREQ is answered by PINGRESP', async () => {
  const client = await connect();
  client.send(PINGREQ);
  await client.expectBytes(hex('d0 00'));
});

test('[MQTT-3.12.4-1] every PINGREQ is answered', async () => {
  const client = await connect();
  client.send(...Array(50).fill(PINGREQ));
  for (let count = 0; count < 50; count++) await client.expectBytes(hex('d0 00'));
});

test('[MQTT-3.12.4-1] PINGREQ is answered for a client without keep-alive', async () => {
  const client = await connect({ keepAlive: 0 });
  await client.expectSilence();
});

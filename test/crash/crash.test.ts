import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Daemon, freePort } from '../support/daemon.js';
import { SeededRandom } from '../support/seeded-random.js';
import { AmqpPair } from './amqp-pair.js';
import { MqttPair } from './mqtt-pair.js';
import { StompPair } from './stomp-pair.js';

const KILLS = Number(process.env.CAUSEWAY_KILLS ?? 20);

it(`loses nothing confirmed over ${KILLS} kills with real clients at full rate`, async () => {
  const seed = Number(process.env.CAUSEWAY_SEED ?? Date.now() % 1_000_000);
  console.info(`crash test: seed ${seed}`);
  const random = new SeededRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), 'causeway-crash-'));
  const [mqttPort, stompPort, amqpPort] = [await freePort(), await freePort(), await freePort()];
  const listeners = [
    { protocol: 'mqtt', host: '127.0.0.1', port: mqttPort },
    { protocol: 'stomp', host: '127.0.0.1', port: stompPort },
    { protocol: 'amqp', host: '127.0.0.1', port: amqpPort },
  ];
  const users = [{ name: 'admin', password: 'admin', groups: ['admins'] }];
  const daemon = new Daemon(
    ...['--data', folder],
    ...['--set', `listeners=${JSON.stringify(listeners)}`],
    ...['--set', `users=${JSON.stringify(users)}`],
    ...['--set', 'admin.port=0'],
  );
  try {
    await daemon.start();
    const pairs = [await MqttPair.start(mqttPort, 1), await MqttPair.start(mqttPort, 2)];
    const queues = [new StompPair(stompPort), new AmqpPair(amqpPort)];
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 100 + random.below(700)));
      await daemon.stop('SIGKILL');
      await daemon.start();
    }
    await Promise.all([...pairs, ...queues].map((pair) => pair.finish()));
    for (const { account } of [...pairs, ...queues]) {
      console.info(
        `crash test: ${account.name}: ${account.confirmedCount} confirmed, ` +
          `${account.lost.length} lost, ${account.duplicates.length} came more than once`,
      );
      expect(account.confirmedCount, account.name).toBeGreaterThan(100);
      expect(account.lost, account.name).toEqual([]);
      expect(account.outOfOrder, account.name).toEqual([]);
    }
    expect(pairs[1]!.account.duplicates, 'QoS 2 is exactly once').toEqual([]);
    for (const { account, returned, unflagged } of queues) {
      expect(returned, `${account.name}: settled, and came back`).toEqual([]);
      expect(unflagged, `${account.name}: redelivered without saying so`).toEqual([]);
    }
    expect(await daemon.stop('SIGTERM')).toBe(0);
  } finally {
    await daemon.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}, 300_000);

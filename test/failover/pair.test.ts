import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AmqpPair } from '../crash/amqp-pair.js';
import { MqttPair } from '../crash/mqtt-pair.js';
import { StompPair } from '../crash/stomp-pair.js';
import { causeway } from './causeway-process.js';
import { exists, PairProcess, type Status } from './pair-process.js';

const node = ({ nodes }: Status, name: string | null) => nodes.find((each) => each.name === name)!;
const other = ({ nodes, active }: Status) => nodes.find(({ name }) => name !== active)!;

describe('a pair', { timeout: 180_000 }, () => {
  let pair: PairProcess;
  beforeAll(async () => {
    pair = new PairProcess();
    await pair.start();
  });
  afterAll(() => pair.remove());

  /** Waits until one node serves and the other one stands by. */
  const whole = () =>
    pair.until(
      'a whole pair',
      (status) => status.active !== null && other(status).role === 'standby',
    );

  test('loses nothing confirmed when the node that serves is killed, and hands over in order', async () => {
    const clients = [
      await MqttPair.start(pair.port('mqtt'), 1),
      await MqttPair.start(pair.port('mqtt'), 2),
      new StompPair(pair.port('stomp')),
      new AmqpPair(pair.port('amqp')),
    ] as const;
    for (let kill = 0; kill < 2; kill++) {
      const before = await whole();
      process.kill(node(before, before.active).process!, 'SIGKILL');
      const heir = other(before).name;
      const after = await pair.until('a takeover', (status) => status.takeover?.node === heir);
      expect(after.active).toBe(heir);
      expect(node(after, heir).epoch).toBeGreaterThan(node(before, before.active).epoch!);
      expect(after.takeover?.reason).toBe('lease');
    }
    const before = await whole();
    const { code, output, errors } = await causeway('reboot', '--json', ...pair.options);
    expect(code, errors).toBe(0);
    const change = JSON.parse(output) as { readonly node: string; readonly tookMs: number };
    expect(change.node).toBe(other(before).name);
    console.info(`pair test: handed over in ${change.tookMs} ms`);
    expect(change.tookMs).toBeLessThan(1000);

    await Promise.all(clients.map((client) => client.finish()));
    for (const { account } of clients) {
      console.info(`pair test: ${account.name}: ${account.confirmedCount} confirmed`);
      expect(account.confirmedCount, account.name).toBeGreaterThan(100);
      expect(account.lost, account.name).toEqual([]);
    }
    expect(clients[1].account.duplicates, 'QoS 2 is exactly once').toEqual([]);
    for (const { account, returned, unflagged } of [clients[2], clients[3]]) {
      expect(returned, `${account.name}: settled, and came back`).toEqual([]);
      expect(unflagged, `${account.name}: redelivered without saying so`).toEqual([]);
    }
  });

  test('promotes the node that is asked', async () => {
    const before = await whole();
    const wanted = other(before).name;
    const { code, output } = await causeway('promote', wanted, ...pair.options);
    expect(output).toMatch(new RegExp(`^${wanted} serves, epoch \\d+, after \\d+ ms\n$`));
    expect(code).toBe(0);
    await whole();
    expect((await causeway('promote', wanted, ...pair.options)).errors).toBe(
      `causeway: ${wanted} serves already\n`,
    );
    expect((await causeway('reboot', 'az-z', ...pair.options)).errors).toBe(
      'causeway: there is no node az-z: there are az-a, az-b\n',
    );
  });

  test('shows how it is while parts are down', async () => {
    const before = await whole();
    const standby = other(before);
    process.kill(standby.process!, 'SIGSTOP');
    const frozen = await pair.status();
    expect(other(frozen)).toMatchObject({ name: standby.name, up: true, role: 'silent' });
    expect(frozen.active).toBe(before.active);
    process.kill(standby.process!, 'SIGCONT');
    const { code, output } = await causeway('status', ...pair.options);
    expect(output).toContain(`${before.active} serves`);
    expect(output).toContain('last takeover');
    expect(code).toBe(0);
  });

  test('ends in order, and leaves no process behind', async () => {
    const { nodes, region, front } = await whole();
    const processes = [...nodes, region, front].map(({ process }) => process!);
    expect(processes.every(exists)).toBe(true);
    expect(await pair.stop()).toBe(0);
    expect(processes.some(exists)).toBe(false);
    const status = await pair.status();
    expect(status).toMatchObject({ active: null, region: { up: false }, front: { up: false } });
    expect(status.nodes.map(({ role }) => role)).toEqual(['down', 'down']);
  });

  test('starts again with what it had, and dies with its supervisor', async () => {
    await pair.start();
    const { nodes, region, front } = await whole();
    const processes = [...nodes, region, front].map(({ process }) => process!);
    await pair.stop('SIGKILL');
    const deadline = Date.now() + 10_000;
    while (processes.some(exists) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(processes.filter(exists)).toEqual([]);
  });
});

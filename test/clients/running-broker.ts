import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@causeway/core';
import { loadConfig, type RunningBroker, startBroker } from '@causeway/server';
import { afterAll, beforeAll } from 'vitest';
import { CertificateAuthority } from '../transport/certificates.js';

/** What every broker of these tests listens on, by the name it gives to the address. */
export type ListenerName =
  | ('mqtt' | 'stomp' | 'amqp' | 'ws' | 'any')
  | ('mqtts' | 'stomps' | 'amqps' | 'wss');

export const USER = { username: 'shop', password: 'shop-password' };

const PROTOCOLS = ['mqtt', 'stomp', 'amqp', 'ws', 'any'];
const SECURE_PROTOCOLS = ['mqtt', 'stomp', 'amqp', 'ws'];

/** A whole broker, put together as the daemon does it, for all the tests of a file. */
export interface BrokerFixture {
  port(listener: ListenerName): number;
  /** The certificate of the authority that issued the broker's. */
  readonly authority: Buffer;
  /** A name that no other test uses. */
  name(hint?: string): string;
}

export function useRunningBroker(): BrokerFixture {
  let broker: RunningBroker | null = null;
  let authority: CertificateAuthority | null = null;
  let names = 0;
  const folder = mkdtempSync(join(tmpdir(), 'causeway-clients-'));
  beforeAll(async () => {
    authority = new CertificateAuthority();
    broker = await start(folder, authority);
  });
  afterAll(async () => {
    await broker?.stop();
    authority?.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    port: (listener) => portOf(broker, listener),
    get authority() {
      return readFileSync(authority!.certificate);
    },
    name: (hint = 'name') => `${hint}${++names}`,
  };
}

async function start(folder: string, authority: CertificateAuthority): Promise<RunningBroker> {
  const { cert, key } = authority.issue('/CN=localhost');
  const listeners = [
    ...PROTOCOLS.map((protocol) => ({ protocol, host: '127.0.0.1', port: 0 })),
    ...SECURE_PROTOCOLS.map((protocol) => ({
      protocol,
      host: '127.0.0.1',
      port: 0,
      tls: { cert, key },
    })),
  ];
  const { config } = await loadConfig({
    sets: [
      `node.data=${join(folder, 'data')}`,
      'admin.port=0',
      `listeners=${JSON.stringify(listeners)}`,
      `users=${JSON.stringify([{ name: USER.username, password: USER.password, groups: ['admins'] }])}`,
    ],
  });
  const onFatal = (error: Error) => {
    throw error;
  };
  return startBroker({ config, log: { ...SILENT_LOG, flush() {} }, onFatal });
}

function portOf(broker: RunningBroker | null, listener: ListenerName): number {
  const found = broker?.addresses.find(({ name }) => name === listener);
  if (found === undefined) throw new Error(`the broker has no listener ${listener}`);
  return Number(found.address.slice(found.address.lastIndexOf(':') + 1));
}

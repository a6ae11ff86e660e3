import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@causeway/core';
import { loadConfig, type RunningBroker, startBroker } from '@causeway/server';
import { afterAll, beforeAll } from 'vitest';
import { CertificateAuthority, loaded } from '../transport/certificates.js';

/** What every broker of these tests listens on, by the name it gives to the address. */
export type ListenerName =
  | ('mqtt' | 'stomp' | 'amqp' | 'ws' | 'any')
  | ('mqtts' | 'stomps' | 'amqps' | 'wss');

export const USER = { username: 'shop', password: 'shop-password' };
/** Logs in with a certificate of this name. */
export const DEVICE = 'device-1';

const PROTOCOLS = ['mqtt', 'stomp', 'amqp', 'ws', 'any'];
const SECURE_PROTOCOLS = ['mqtt', 'stomp', 'amqp', 'ws'];

/** A whole broker, put together as the daemon does it, for all the tests of a file. */
export interface BrokerFixture {
  port(listener: ListenerName): number;
  /** The certificate of the authority that issued the broker's. */
  readonly authority: Buffer;
  /** A certificate of `DEVICE`, and its key. */
  readonly clientCertificate: { readonly cert: Buffer; readonly key: Buffer };
  /** A name that no other test uses. */
  name(hint?: string): string;
  /** Stops the broker and starts it again, with the same store and ports. */
  restart(): Promise<void>;
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
    get clientCertificate() {
      return loaded(authority!.issue(`/CN=${DEVICE}`));
    },
    name: (hint = 'name') => `${hint}${++names}`,
    restart: async () => {
      const ports = new Map(broker!.addresses.map(({ name, address }) => [name, portIn(address)]));
      await broker!.stop();
      broker = await start(folder, authority!, ports);
    },
  };
}

async function start(
  folder: string,
  authority: CertificateAuthority,
  ports: ReadonlyMap<string, number> = new Map(),
): Promise<RunningBroker> {
  const { cert, key } = authority.issue('/CN=localhost');
  const tls = { cert, key, ca: authority.certificate, clientAuth: 'request' };
  const host = '127.0.0.1';
  const listeners = [
    ...PROTOCOLS.map((protocol) => ({ protocol, host, port: ports.get(protocol) ?? 0 })),
    ...SECURE_PROTOCOLS.map((protocol) => ({
      ...{ protocol, host, port: ports.get(`${protocol}s`) ?? 0, tls },
    })),
  ];
  const users = [
    { name: USER.username, password: USER.password, groups: ['admins'] },
    { name: DEVICE, groups: ['admins'] },
  ];
  const { config } = await loadConfig({
    sets: [
      `node.data=${join(folder, 'data')}`,
      'admin.port=0',
      `listeners=${JSON.stringify(listeners)}`,
      `users=${JSON.stringify(users)}`,
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
  return portIn(found.address);
}

function portIn(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

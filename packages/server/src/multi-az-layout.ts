import { join } from 'node:path';
import type { Config } from './config/options.js';

/** A bound or reachable address under the name of what listens there. */
export interface LayoutAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface NodeLayout {
  readonly name: string;
  readonly folder: string;
  readonly control: string;
  /** Where it is reached, in the order of `listeners`. */
  readonly listeners: readonly LayoutAddress[];
  readonly admin: LayoutAddress & { readonly secure: boolean };
}

/** Where the parts of a pair are, as the configuration has it. */
export interface MultiAzLayout {
  readonly folder: string;
  readonly cluster: string;
  readonly supervisor: string;
  readonly region: LayoutAddress & { readonly folder: string; readonly control: string };
  readonly front: { readonly control: string; readonly listeners: readonly LayoutAddress[] };
  readonly nodes: readonly NodeLayout[];
}

/** Name of a part's control socket in its folder. */
export const CONTROL_SOCKET = 'control.sock';

/** @param config with the section `multiAz` */
export function multiAzLayout(config: Config): MultiAzLayout {
  const { multiAz, node, listeners } = config;
  if (multiAz === undefined) throw new Error('the configuration has no section multiAz');
  const folder = node.data;
  const control = (part: string) => join(folder, part, CONTROL_SOCKET);
  return {
    folder,
    cluster: multiAz.cluster,
    supervisor: join(folder, 'supervisor.sock'),
    region: {
      name: 'region',
      ...multiAz.region,
      folder: join(folder, 'region'),
      control: control('region'),
    },
    front: {
      control: control('front'),
      listeners: listeners.map(({ protocol, host, port, tls }) => ({
        name: tls === undefined ? protocol : `${protocol}s`,
        host,
        port,
      })),
    },
    nodes: multiAz.nodes.map(({ name, portOffset, host }) => {
      const reach = (address: LayoutAddress) => ({
        name: address.name,
        host: host ?? reachable(address.host),
        port: address.port === 0 ? 0 : address.port + portOffset,
      });
      return {
        name,
        folder: join(folder, name),
        control: control(name),
        listeners: listeners.map(({ protocol, ...at }) => reach({ name: protocol, ...at })),
        admin: {
          ...reach({ name: 'admin', ...config.admin }),
          secure: config.admin.tls !== undefined,
        },
      };
    }),
  };
}

/** Who binds every address is reached on this machine's own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

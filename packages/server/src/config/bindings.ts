import type { Path } from './option-rows.js';
import type { Config } from './options.js';

/** An address that something binds, and the key that says so. */
export interface Binding {
  readonly path: Path;
  readonly host: string;
  readonly port: number;
}

/** What a broker binds. */
export function bindings({ listeners, admin }: Pick<Config, 'listeners' | 'admin'>): Binding[] {
  return [
    ...listeners.map(({ host, port }, index) => ({ path: ['listeners', index], host, port })),
    { path: ['admin'], host: admin.host, port: admin.port },
  ];
}

/** Whether only one of the two can be bound; port 0 is a free one each time. */
export function collide(left: Binding, right: Binding): boolean {
  if (left.port === 0 || left.port !== right.port) return false;
  const everywhere = (host: string) => host === '0.0.0.0' || host === '::';
  return left.host === right.host || everywhere(left.host) || everywhere(right.host);
}

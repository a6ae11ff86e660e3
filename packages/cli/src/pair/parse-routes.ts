import type { FrontNode } from '@causeway/failover';
import { usageError } from '../exit-code.js';

/**
 * Reads where the front reaches nodes, as a supervisor tells it that has put proxies between them.
 * @throws CommandError
 */
export function parseRoutes(text: string, listeners: number): FrontNode[] {
  let routes: unknown;
  try {
    routes = JSON.parse(text);
  } catch {
    throw usageError('--routes is not JSON');
  }
  const good =
    Array.isArray(routes) &&
    routes.every(
      (route: Partial<FrontNode>) =>
        typeof route?.name === 'string' &&
        typeof route.admin?.port === 'number' &&
        Array.isArray(route.endpoints) &&
        route.endpoints.length === listeners,
    );
  if (!good) {
    throw usageError(
      '--routes must be a list of { name, admin: { host, port, secure }, endpoints: [{ host, port }] } with an endpoint for each listener',
    );
  }
  return routes as FrontNode[];
}

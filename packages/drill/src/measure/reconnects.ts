import type { History } from '../verdict/history.js';
import { endOfWork, NANOSECONDS_PER_MS } from './outages.js';

export interface Reconnect {
  readonly client: string;
  /** Nanoseconds since the run began. */
  readonly from: number;
  /** Null when it did not come back before the work ended. */
  readonly to: number | null;
}

/** How long each client was without a connection, each time. */
export function findReconnects(history: History): Reconnect[] {
  const end = endOfWork(history);
  const open = new Map<string, number>();
  const found: Reconnect[] = [];
  const events = [...history.of('disconnected'), ...history.of('connected')].sort(
    (a, b) => a.line - b.line,
  );
  for (const { kind, client, t } of events) {
    if (t > end) break;
    const from = open.get(client);
    if (kind === 'disconnected') {
      if (from === undefined) open.set(client, t);
    } else if (from !== undefined) {
      open.delete(client);
      found.push({ client, from, to: t });
    }
  }
  for (const [client, from] of open) found.push({ client, from, to: null });
  return found;
}

/** Milliseconds; null when it did not end. */
export function reconnectLength({ from, to }: Reconnect): number | null {
  return to === null ? null : (to - from) / NANOSECONDS_PER_MS;
}

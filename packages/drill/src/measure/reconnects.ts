import type { History } from '../verdict/history.js';
import { endOfWork, NANOSECONDS_PER_MS } from './outages.js';

export interface Reconnect {
  readonly client: string;
  /** Nanoseconds since the run began. */
  readonly from: number;
  /** Null when it did not come back before the work ended. */
  readonly to: number | null;
  /** When it could have come back: a node had become active meanwhile, or a fault was over. */
  readonly possible: number;
}

/** How long each client was without a connection, each time. */
export function findReconnects(history: History): Reconnect[] {
  const end = endOfWork(history);
  const open = new Map<string, number>();
  const found: Reconnect[] = [];
  const chances = [
    ...history.of('role').filter(({ role }) => role === 'active'),
    ...history.of('fault').filter(({ step }) => step === 'end'),
  ];
  const add = (client: string, from: number, to: number | null) => {
    const until = to ?? end;
    const possible = chances.reduce(
      (latest, chance) => (chance.t <= until ? Math.max(latest, chance.t) : latest),
      from,
    );
    found.push({ client, from, to, possible });
  };
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
      add(client, from, t);
    }
  }
  for (const [client, from] of open) add(client, from, null);
  return found;
}

/** Milliseconds; null when it did not end. */
export function reconnectLength({ from, to }: Reconnect): number | null {
  return to === null ? null : (to - from) / NANOSECONDS_PER_MS;
}

/** Milliseconds that it took longer than the target did; null when it did not end. */
export function reconnectDelay({ to, possible }: Reconnect): number | null {
  return to === null ? null : (to - possible) / NANOSECONDS_PER_MS;
}

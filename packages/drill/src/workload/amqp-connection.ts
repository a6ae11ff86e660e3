import rhea, { type Connection as AmqpConnection } from 'rhea';
import type { Address, ClientSettings } from './client-settings.js';
import type { Connection, ConnectionEvents } from './reconnector.js';

/** Deliveries that the library keeps in each direction of a session until they are settled. */
const SESSION_DELIVERIES = 32 * 1024;

/**
 * Logs in with the `rhea` library, which is not left to reconnect by itself.
 * @param opened attaches links; the client says when it is ready
 */
export function openAmqp(
  settings: ClientSettings,
  { host, port }: Address,
  events: ConnectionEvents,
  opened: (connection: AmqpConnection) => void,
): Connection {
  const { user, password, heartBeatMs, name } = settings;
  const connection = rhea.create_container({ id: name }).create_connection({
    ...{ host, port, username: user, password, reconnect: false, hostname: host },
    ...{ idle_time_out: heartBeatMs * 2, session_buffer_size: SESSION_DELIVERIES },
    tcp_no_delay: true,
  } as never);
  const ended = (what: string) => (context: { error?: unknown }) =>
    events.ended(`${what} ${describe(context.error ?? connection.error)}`.trim());
  connection.on('connection_open', () => opened(connection));
  connection.on('connection_close', ended('closed'));
  connection.on('connection_error', () => {});
  connection.on('disconnected', ended('disconnected'));
  connection.on('protocol_error', (error: Error) => events.ended(error.message));
  connection.on('error', (error: Error) => events.ended(error.message));
  for (const link of ['sender', 'receiver']) {
    connection.on(`${link}_error`, ended(link));
    connection.on(`${link}_close`, ended(link));
  }
  connection.connect();
  return {
    destroy() {
      const { socket } = connection as unknown as { socket?: { destroy?: () => void } };
      if (typeof socket?.destroy === 'function') socket.destroy();
    },
  };
}

function describe(error: unknown): string {
  const { condition, description, message } = (error ?? {}) as Record<string, unknown>;
  return [condition, description ?? message].filter((part) => part !== undefined).join(': ');
}

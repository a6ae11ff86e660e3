import rhea, { type Connection, type ConnectionOptions, type EventContext } from 'rhea';
import { WebSocket } from 'ws';
import { type Endpoint, formatEndpoint, serverName } from '../endpoint.js';
import { CommandError } from '../exit-code.js';
import type { ClientSettings } from './message-client.js';

/** Silence of the broker for twice as long ends the connection (AMQP 1.0, 2.4.5). */
const IDLE_TIMEOUT_MS = 10_000;
/** Deliveries that the library keeps in each direction of a session until they are settled. */
const SESSION_DELIVERIES = 128 * 1024;

/** Connects with the `rhea` library, logs in and waits for the broker's `open`. */
export function openAmqpConnection(
  endpoint: Endpoint,
  settings: ClientSettings,
): Promise<Connection> {
  const container = rhea.create_container();
  const connection = container.create_connection(
    connectOptions(endpoint, settings) as ConnectionOptions,
  );
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer);
      closeSocket(connection);
      reject(new CommandError(`cannot connect to ${formatEndpoint(endpoint)}: ${reason}`));
    };
    const timer = setTimeout(() => fail('no answer in time'), settings.connectTimeoutMs);
    onConnectionEnd(connection, fail);
    connection.once('connection_open', () => {
      // A broker that refuses a connection opens it first, to close it with the reason (2.4.1).
      setImmediate(() => {
        if (connection.error !== undefined || !connection.is_remote_open()) return;
        clearTimeout(timer);
        for (const event of END_EVENTS) connection.removeAllListeners(event);
        resolve(connection);
      });
    });
    connection.connect();
  });
}

const END_EVENTS = ['connection_close', 'disconnected', 'protocol_error', 'error'] as const;

/**
 * Calls `end` when the connection ends in whatever way. An event of these that nobody listens to is
 * printed by the library, or thrown.
 */
export function onConnectionEnd(connection: Connection, end: (reason: string) => void): void {
  connection.on('connection_close', ({ error, connection: closed }: EventContext) =>
    end(describeError(error ?? closed.error)),
  );
  connection.on('disconnected', ({ error }: EventContext) => end(describeError(error)));
  connection.on('protocol_error', (error: Error) => end(error.message));
  connection.on('error', (error: Error) => end(error.message));
}

/**
 * The library has no such call: it ends a socket, which leaves it to the peer, and when the socket
 * is destroyed before the peer has ended it, its watch over the peer's silence would go on.
 */
export function closeSocket(connection: Connection): void {
  connection.close();
  clearTimeout((connection as { heartbeat_in?: NodeJS.Timeout }).heartbeat_in);
  clearTimeout((connection as { heartbeat_out?: NodeJS.Timeout }).heartbeat_out);
  const { socket } = connection;
  if (typeof socket?.destroy === 'function') socket.destroy();
  else socket?.end();
}

/** An error of the broker, with its condition, or one of a socket. */
export function describeError(error: unknown): string {
  const { condition, description, message, code } = (error ?? {}) as Record<string, unknown>;
  const text = String(description ?? message ?? '');
  if (condition === undefined || condition === null) {
    return text === '' ? String(code ?? 'the broker ended it') : text;
  }
  return text === '' ? String(condition) : `${condition}: ${text}`;
}

function connectOptions(endpoint: Endpoint, settings: ClientSettings): object {
  const { host, port, secure, tls } = endpoint;
  const options = {
    host,
    port,
    hostname: host,
    reconnect: false,
    idle_time_out: IDLE_TIMEOUT_MS,
    session_buffer_size: SESSION_DELIVERIES,
    sasl_mechanisms: saslMechanisms(endpoint),
    sasl_init_hostname: host,
    tcp_no_delay: true,
    ...(settings.clientId === undefined ? {} : { container_id: settings.clientId }),
  };
  if (endpoint.transport === 'websocket') {
    return { ...options, connection_details: webSocketDetails(endpoint) };
  }
  // The library would send an IP address as the name for SNI, which none is.
  const name = { servername: serverName(endpoint).servername ?? '' };
  return secure ? { ...options, transport: 'tls', ...name, ...tls } : options;
}

/** The sub-protocol is `amqp` (AMQP 1.0 over WebSocket, 2.1). */
function webSocketDetails({ host, port, secure, path, tls }: Endpoint) {
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const url = `${secure ? 'wss' : 'ws'}://${shownHost}:${port}${path}`;
  return rhea.websocket_connect(WebSocket)(url, ['amqp'], secure ? tls : {});
}

/**
 * The library's own PLAIN cuts names and passwords that are not ASCII, and it takes a name without
 * a password for anonymous.
 */
function saslMechanisms({ user, password, tls }: Endpoint): object {
  const answer = (text: string) => () => ({
    start: (done: (error: undefined, response: Buffer) => void) =>
      done(undefined, Buffer.from(text)),
  });
  if (user !== null) return { PLAIN: answer(`\0${user}\0${password ?? ''}`) };
  if (tls.cert !== undefined) return { EXTERNAL: answer('') };
  return { ANONYMOUS: answer('anonymous') };
}

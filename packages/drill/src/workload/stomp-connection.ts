import type { Readable } from 'node:stream';
import stompit, { type Client } from 'stompit';
import type { Address, ClientSettings } from './client-settings.js';
import type { Connection, ConnectionEvents } from './reconnector.js';

/**
 * Logs in with the `stompit` library.
 * @param loggedIn sets the client to work; it says when it is ready
 */
export function openStomp(
  settings: ClientSettings,
  { host, port }: Address,
  events: ConnectionEvents,
  loggedIn: (client: Client) => void,
): Connection {
  const { user, password, heartBeatMs, name } = settings;
  const connectHeaders = {
    ...{ host: '/', login: user, passcode: password, 'client-id': name },
    'heart-beat': `${heartBeatMs},${heartBeatMs}`,
  };
  const client = stompit.connect({ host, port, connectHeaders, timeout: 0 }, (error) => {
    if (error !== null && error !== undefined) events.ended(error.message);
    else loggedIn(client);
  });
  guardFrames(client);
  client.on('error', (error: Error) => events.ended(error.message));
  client.on('end', () => events.ended('the broker ended the connection'));
  return {
    destroy() {
      client.on('error', () => {});
      client.destroy(new Error('closed'));
      client.getTransportSocket().destroy();
    },
  };
}

type Handler = (frame: Readable, ...rest: unknown[]) => void;

/** The library destroys frames with errors that nobody listens to, which would end the program. */
function guardFrames(client: Client): void {
  const setHandlers = client.setCommandHandlers.bind(client);
  client.setCommandHandlers = (handlers) => {
    const guarded = Object.entries(handlers).map(([command, handler]) => [
      command,
      function guard(this: unknown, frame: Readable, ...rest: unknown[]) {
        frame.on('error', () => {});
        (handler as unknown as Handler).call(this, frame, ...rest);
      },
    ]);
    setHandlers(Object.fromEntries(guarded));
  };
}

/** Sends a frame; `done` is called when its receipt has come. */
export function sendWithReceipt(
  client: Client,
  command: string,
  headers: Record<string, string>,
  body: Buffer | null,
  done: () => void,
): void {
  // The types want both handlers; a listener for errors would be added for every frame.
  const frame = client.sendFrame(command, headers, { onReceipt: done } as never);
  frame.on('error', () => {});
  if (body === null) frame.end();
  else frame.end(body);
}

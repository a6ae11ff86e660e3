import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { BrokerError } from '@causeway/core';

/** What the system allows for the path of a socket, its end included (Linux: `sun_path`). */
const PATH_BYTES_MAX = 107;
const SOCKET_MODE = 0o600;

/**
 * Has a server listen on a socket in the file system, which only its owner may use.
 * @throws BrokerError `storage-locked` when another process listens there, `config-invalid` when the
 *   socket cannot be made
 */
export async function listenOnSocket(
  app: { listen(options: { path: string }): Promise<unknown> },
  path: string,
): Promise<void> {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
    const reason = `the path of the socket ${path} is longer than ${PATH_BYTES_MAX} bytes`;
    throw new BrokerError('config-invalid', `${reason}: use a data folder with a shorter name`);
  }
  if (await answers(path)) {
    throw new BrokerError('storage-locked', `another process listens on ${path}`);
  }
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Left over from a process that was killed.
    rmSync(path, { force: true });
    await app.listen({ path });
    chmodSync(path, SOCKET_MODE);
  } catch (error) {
    const reason = (error as Error).message;
    throw new BrokerError('config-invalid', `the socket cannot be made: ${reason}`, error);
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

import type { Socket } from 'node:net';

/**
 * Reads the first bytes of a socket until `decide` knows what they are. `decide` is called with
 * everything read so far and returns null to see more, or what to do next; that runs after this
 * reader has let go of the paused socket. A socket that ends before is closed.
 * @param head bytes that were read before
 */
export function readHead(
  socket: Socket,
  head: Buffer,
  decide: (head: Buffer) => (() => void) | null,
): void {
  let read = head;

  const onEnd = () => socket.destroy();
  const onData = (chunk: Buffer) => {
    read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
    const next = decide(read);
    if (next === null) return;
    socket.off('data', onData).off('end', onEnd).pause();
    next();
  };

  const next = head.length === 0 ? null : decide(head);
  if (next !== null) next();
  else socket.on('data', onData).on('end', onEnd).resume();
}

/** Gives bytes back to a paused socket, for a reader that takes them from there. */
export function unread(socket: Socket, head: Buffer): void {
  if (head.length > 0) socket.unshift(head);
}

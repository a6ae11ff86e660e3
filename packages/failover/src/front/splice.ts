import type { Socket } from 'node:net';

/** Joins two sockets: what one sends the other gets, and both end together. */
export function splice(left: Socket, right: Socket): void {
  pump(left, right);
  pump(right, left);
}

function pump(source: Socket, sink: Socket): void {
  source.on('data', (chunk: Buffer) => {
    if (!sink.write(chunk)) source.pause();
  });
  sink.on('drain', () => source.resume());
  source.on('end', () => sink.end());
  source.on('close', () => {
    // In the middle of a stream: whoever waits for the rest must learn that there is none.
    const complete = source.readableEnded && source.writableFinished;
    if (!complete && !sink.destroyed) sink.resetAndDestroy();
  });
}

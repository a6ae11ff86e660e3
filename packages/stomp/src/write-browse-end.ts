import type { OutputBuffer } from '@causeway/wire';
import { writeFrame } from './codec/encoder.js';
import type { Subscription } from './subscription.js';

/** Tells a client that browses that there is nothing more, as ActiveMQ does: with a MESSAGE. */
export function writeBrowseEnd(out: OutputBuffer, subscription: Subscription): void {
  const { id, named, destination, version } = subscription;
  writeFrame(
    out,
    version,
    'MESSAGE',
    [
      ...(named ? [['subscription', id] as const] : []),
      ['destination', destination],
      ['message-id', '0'],
      ['browser', 'end'],
    ],
    { body: Buffer.alloc(0) },
  );
}

import { PACKET } from './codec/types.js';

/** An MQTT connection starts with CONNECT, whose flags are 0: one byte tells it from the others. */
export function sniff(head: Buffer): 'yes' | 'no' | 'more' {
  if (head.length === 0) return 'more';
  return head[0] === PACKET.connect << 4 ? 'yes' : 'no';
}

const MAGIC = 'AMQP';

/** Whether a connection that begins with `head` speaks AMQP, of whatever version (part 2.2). */
export function sniff(head: Buffer): 'yes' | 'no' | 'more' {
  const bytes = Math.min(MAGIC.length, head.length);
  if (head.toString('latin1', 0, bytes) !== MAGIC.slice(0, bytes)) return 'no';
  return bytes === MAGIC.length ? 'yes' : 'more';
}

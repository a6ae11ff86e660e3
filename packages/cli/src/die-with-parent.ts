/**
 * A process that was started with a channel to its parent, as parts of a pair are, ends when the
 * parent does, however that ended. Nothing is lost: it might have been killed as well.
 */
export function dieWithParent(): void {
  if (process.channel === undefined) return;
  process.on('disconnect', () => process.exit(1));
  // The listener alone must not keep a process alive that has nothing else to do.
  process.channel.unref();
}

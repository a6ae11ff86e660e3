import cliProgress from 'cli-progress';

/** Shows how far long work has come. */
export interface Progress {
  advance(done: number): void;
  stop(): void;
}

const NO_PROGRESS: Progress = { advance() {}, stop() {} };
/** Work that is done sooner shows no bar. */
const SHORT_WORK = 100;

/** A bar on the standard error output, if that is a terminal and there is enough to do. */
export function openProgress(
  total: number | null,
  what: string,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  if (stream.isTTY !== true || total === null || total < SHORT_WORK) return NO_PROGRESS;
  const bar = new cliProgress.SingleBar({
    format: `{bar} {percentage}% | {value}/{total} ${what} | {duration_formatted}, {eta_formatted} left`,
    barCompleteChar: '#',
    barIncompleteChar: '.',
    hideCursor: true,
    clearOnComplete: true,
    stream,
  });
  bar.start(total, 0);
  return { advance: (done) => bar.update(done), stop: () => bar.stop() };
}

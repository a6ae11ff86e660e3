import type { DrillProgress, Plan } from '@causeway/drill';
import cliProgress from 'cli-progress';

export interface DrillProgressLine {
  watch(progress: DrillProgress): void;
  stop(): void;
}

const REFRESH_MS = 500;

/** Shows how far a drill is: a bar on a terminal, and otherwise a line for each round. */
export function openDrillProgress(
  plan: Plan,
  stream: NodeJS.WriteStream = process.stderr,
): DrillProgressLine {
  const describe = ({ phase, round, confirmed, delivered }: DrillProgress) => {
    const what = phase === 'round' ? `round ${round} of ${plan.rounds}` : phase;
    return `${what}: ${confirmed} confirmed, ${delivered} delivered`;
  };
  if (stream.isTTY !== true) {
    return {
      watch: (progress) => void stream.write(`${plan.name}: ${describe(progress)}\n`),
      stop() {},
    };
  }
  const total = Math.ceil((plan.warmUp + plan.rounds * plan.every + plan.settle) / 1000);
  const bar = new cliProgress.SingleBar({
    format: `${plan.name} {bar} {value}/{total} s | {what}`,
    ...{ barCompleteChar: '#', barIncompleteChar: '.', hideCursor: true, clearOnComplete: true },
    stream,
  });
  const start = performance.now();
  bar.start(total, 0, { what: 'starting' });
  const timer = setInterval(() => {
    bar.update(Math.min(total, Math.round((performance.now() - start) / 1000)));
  }, REFRESH_MS);
  return {
    watch: (progress) => bar.update({ what: describe(progress) }),
    stop() {
      clearInterval(timer);
      bar.stop();
    },
  };
}

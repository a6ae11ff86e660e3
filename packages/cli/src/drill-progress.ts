import type { DrillProgress, Plan } from '@causeway/drill';

export interface DrillProgressLine {
  watch(progress: DrillProgress): void;
  stop(): void;
}

/** Says on the standard error output how far a drill is. */
export function openDrillProgress(plan: Plan): DrillProgressLine {
  return {
    watch({ phase, round, confirmed, delivered }) {
      const what = phase === 'round' ? `round ${round} of ${plan.rounds}` : phase;
      console.error(`${what}: ${confirmed} confirmed, ${delivered} delivered`);
    },
    stop() {},
  };
}

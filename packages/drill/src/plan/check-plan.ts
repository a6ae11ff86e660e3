import type { Budget, Plan } from './plan.js';

export interface PlanProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What makes a well-formed plan one that cannot be run, or whose limits nothing could meet. */
export function checkPlan(plan: Plan): PlanProblem[] {
  return [...checkFaults(plan), ...checkLanes(plan), ...checkLimits(plan)];
}

function checkFaults({ faults, every }: Plan): PlanProblem[] {
  return faults.flatMap((fault, index) => {
    const end = fault.at + fault.within + ('for' in fault ? fault.for : 0);
    if (end <= every) return [];
    const message = `ends ${end} ms after the start of a round, and a round is ${every} ms`;
    return [{ path: ['faults', index], message }];
  });
}

function checkLanes({ workload }: Plan): PlanProblem[] {
  const names = new Set<string>();
  return workload.flatMap((lane, index) => {
    const problems: PlanProblem[] = [];
    const add = (key: string, message: string) =>
      problems.push({ path: ['workload', index, key], message });
    if (names.has(lane.name)) add('name', `is the name of another lane: ${lane.name}`);
    names.add(lane.name);
    if (!/^[a-z0-9-]+$/.test(lane.name)) add('name', 'must be of a-z, 0-9 and - only');
    const mqtt = lane.client === 'mqtt';
    if (lane.qos === 2 && !mqtt) add('qos', `is 1 for ${lane.client}`);
    if (lane.pattern === 'retained' && !mqtt) add('pattern', 'is for MQTT only');
    if (lane.pattern === 'transactions' && lane.client !== 'stomp') {
      add('pattern', `cannot be done by ${lane.client}`);
    }
    if (lane.rate < lane.producers) add('rate', 'must be at least one for each producer');
    return problems;
  });
}

function checkLimits(plan: Plan): PlanProblem[] {
  const problems: PlanProblem[] = [];
  for (const key of ['writeRto', 'readRto', 'reconnect'] as const) {
    const budget = plan.limits[key];
    if (budget === undefined) continue;
    const add = (message: string) => problems.push({ path: ['limits', key], message });
    const shortest = shortestOf(budget);
    if (shortest === null) add('is impossible: it names none of median, p95 and max');
    else if (shortest > plan.every) {
      add(`is impossible: ${shortest} ms cannot be measured in rounds of ${plan.every} ms`);
    } else if (key !== 'reconnect' && shortest < resolutionOf(plan)) {
      add(
        `is impossible: at these rates ${resolutionOf(plan)} ms may pass between two messages ` +
          'without any fault',
      );
    }
    if ((budget.median ?? 0) > (budget.p95 ?? budget.max ?? Number.POSITIVE_INFINITY)) {
      add('is impossible: the median is never more than p95 or the maximum');
    }
    if ((budget.p95 ?? 0) > (budget.max ?? Number.POSITIVE_INFINITY)) {
      add('is impossible: p95 is never more than the maximum');
    }
  }
  return problems;
}

function shortestOf({ median, p95, max }: Budget): number | null {
  const values = [median, p95, max].filter((value) => value !== undefined);
  return values.length === 0 ? null : Math.min(...values);
}

/** Milliseconds of silence that say nothing: twice what the slowest lane takes for a message. */
function resolutionOf({ workload }: Plan): number {
  return Math.ceil(Math.max(...workload.map((lane) => 2000 / lane.rate)));
}

import type { Lane } from '../plan/plan.js';
import type { LaneReport } from './lane-report.js';

/** The longest silence of a round, in the median, that still gets the grade. */
const GRADES: readonly (readonly [grade: string, milliseconds: number])[] = [
  ['A', 1000],
  ['B', 3000],
  ['C', 10_000],
];
/** Clients that need longer, when the broker is there again, should try more often. */
const SLOW_RECONNECT_MS = 1500;

/**
 * Says how well a lane came through, and what its users should change. Whatever was lost, or came
 * again without saying so, or out of order, is an F.
 */
export function gradeLane(
  report: Omit<LaneReport, 'grade' | 'advice'>,
  lane: Lane,
): Pick<LaneReport, 'grade' | 'advice'> {
  const { lost, unflagged, reordered, flagged, sentAgain, write, read, delay } = report;
  const advice: string[] = [];
  if (lost > 0) advice.push(`${lost} confirmed messages were lost: do not rely on its confirms`);
  if (unflagged > 0) {
    advice.push(`${unflagged} came again without the flag: have consumers know ids, not flags`);
  }
  if (reordered > 0) advice.push(`${reordered} overtook others: have consumers sort by sequence`);
  if (flagged > 0) {
    advice.push(`${flagged} came again, flagged: let consumers skip what they have done already`);
  }
  if (sentAgain > 0 && lane.pattern === 'messages') {
    const better = lane.client === 'mqtt' ? ', or use QoS 2' : '';
    advice.push(`${sentAgain} were sent again unconfirmed: have consumers know their ids${better}`);
  }
  if ((delay?.p95 ?? 0) > SLOW_RECONNECT_MS) {
    advice.push('clients take long to come back: retry sooner, and heart-beat more often');
  }
  const outage = Math.max(write?.median ?? 0, read?.median ?? 0);
  const grade = GRADES.find(([, milliseconds]) => outage <= milliseconds)?.[0] ?? 'D';
  const failed = lost + unflagged + reordered > 0;
  return { grade: failed ? 'F' : grade, advice: advice.length === 0 ? ['nothing'] : advice };
}

import { escapeMarkup } from './escape-markup.js';
import type { RunReport } from './run-report.js';

/** The verdict as JUnit's XML: each invariant is a test case. */
export function formatJunit(report: RunReport): string {
  const { plan, target, at, invariants, timeline } = report;
  const cases = invariants.map(({ name, title, verdict, exercised, note, findings }) => {
    const open = `    <testcase classname="drill.${plan}.${target}" name="${escapeMarkup(`${name} ${title}`)}"`;
    if (!exercised) return `${open}><skipped message="${escapeMarkup(note)}"/></testcase>`;
    if (verdict === 'PASS') return `${open}/>`;
    const text = findings.map(({ message, lines }) => `${message} [${lines.join(', ')}]`);
    const kind = verdict === 'FAIL' ? 'failure' : 'error';
    const message = escapeMarkup(text[0] ?? note);
    return `${open}><${kind} message="${message}">${escapeMarkup(text.join('\n'))}</${kind}></testcase>`;
  });
  const count = (wanted: string) =>
    invariants.filter(({ exercised, verdict }) => exercised && verdict === wanted).length;
  const skipped = invariants.filter(({ exercised }) => !exercised).length;
  const seconds = ((timeline.endMs - timeline.startMs) / 1000).toFixed(3);
  const counts =
    `tests="${invariants.length}" failures="${count('FAIL')}" ` +
    `errors="${count('UNKNOWN')}" skipped="${skipped}" time="${seconds}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="drill ${escapeMarkup(plan)}" timestamp="${at}" ${counts}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

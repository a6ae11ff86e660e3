import type { Judgements } from '../verdict/judge.js';

/** The verdict as text, with the first counter-examples of what failed. */
export function formatJudgements({ verdict, invariants }: Judgements, findingsMax = 5): string {
  const lines = invariants.flatMap((judgement) => {
    const { name, title, note, checked, failures, findings } = judgement;
    const shown = judgement.exercised ? judgement.verdict : 'not exercised';
    const detail = judgement.exercised && note !== '' ? `; ${note}` : '';
    const head = `${name.padEnd(4)}${shown.padEnd(14)}${title} (${checked} checked${detail})`;
    if (judgement.verdict !== 'FAIL') return [head];
    const examples = findings.slice(0, findingsMax).map(({ message, lines: at }) => {
      return `      ${message}${at.length === 0 ? '' : ` [ledger lines ${at.join(', ')}]`}`;
    });
    const more = failures - examples.length;
    return [head, ...examples, ...(more > 0 ? [`      and ${more} more`] : [])];
  });
  return [...lines, `verdict: ${verdict}`].join('\n');
}

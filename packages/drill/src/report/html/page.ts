import type { Statistics } from '../../measure/statistics.js';
import type { Judgement } from '../../verdict/judge.js';
import { escapeMarkup } from '../escape-markup.js';
import type { LaneReport } from '../lane-report.js';
import type { RunReport } from '../run-report.js';
import { STYLE } from './style.js';
import { drawTimeline } from './timeline-svg.js';

/** The report as one page that needs nothing else. */
export function formatHtml(report: RunReport): string {
  const { plan, description, target, at, seed, rounds, verdict } = report;
  const when = at.replace('T', ' ').slice(0, 16);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeMarkup(plan)}: ${verdict}</title><style>${STYLE}</style></head><body><main>
<header><span class="badge ${verdict}">${verdict}</span><div><h1>${escapeMarkup(plan)}</h1>
<p>${escapeMarkup(description)}</p>
<p class="soft">${escapeMarkup(target)} · ${rounds} ${rounds === 1 ? 'round' : 'rounds'} · seed ${seed} · ${when} UTC</p></div></header>
${tiles(report)}
<h2>Timeline</h2><div class="card">${legend(report)}${drawTimeline(report.timeline)}</div>
<h2>Recovery</h2><div class="card">${recovery(report)}</div>
<h2>Clients</h2><div class="card">${lanes(report.lanes)}</div>
<h2>Invariants</h2><div class="card">${invariants(report.invariants)}</div>
${skipped(report.skipped)}
</main></body></html>
`;
}

function tiles({ totals, writeRto, readRto, neverBack }: RunReport): string {
  const tile = (value: string, what: string, bad = false) =>
    `<div class="tile${bad ? ' bad' : ''}"><b>${value}</b><span>${what}</span></div>`;
  return `<div class="tiles">${[
    tile(whole(totals.confirmed), 'messages confirmed'),
    tile(whole(totals.lost), 'confirmed, then lost (RPO)', totals.lost > 0),
    tile(whole(totals.unflagged), 'came again unflagged', totals.unflagged > 0),
    tile(whole(totals.flagged), 'came again, flagged'),
    tile(
      neverBack > 0 ? 'never' : duration(writeRto?.median),
      'until writes were back, median',
      neverBack > 0,
    ),
    tile(duration(readRto?.median), 'until reads were back, median'),
  ].join('')}</div>`;
}

function legend({ timeline }: RunReport): string {
  const item = (colour: string, text: string) =>
    `<span><i style="background:var(${colour})"></i>${escapeMarkup(text)}</span>`;
  return `<div class="legend">${[
    ...timeline.lanes.map(({ lane }, index) => item(`--l${index % 7}`, lane)),
    item('--fault', 'fault'),
    item('--outage', 'some client waits for confirms'),
  ].join('')}</div>`;
}

function recovery({ writeRto, readRto, reconnect, storms }: RunReport): string {
  const row = (what: string, measured: Statistics | null) =>
    `<tr><td>${what}</td>${(['count', 'median', 'p95', 'max'] as const)
      .map(
        (key) =>
          `<td class="n">${key === 'count' ? whole(measured?.count ?? 0) : duration(measured?.[key])}</td>`,
      )
      .join('')}</tr>`;
  const storm = storms.map(
    ({ wanted, connected, medianMs, p99Ms }) =>
      `<p>${whole(connected)} of ${whole(wanted)} clients of a storm were connected: ` +
      `median ${duration(medianMs)}, p99 ${duration(p99Ms)}</p>`,
  );
  return `<table><tr><th></th><th class="n">measured</th><th class="n">median</th><th class="n">p95</th><th class="n">max</th></tr>
${row('from the last confirm before a fault to the first after it, of the slowest lane', writeRto)}
${row('the same of deliveries', readRto)}
${row('from losing the connection to the next one, of each client', reconnect)}</table>${storm.join('')}`;
}

function lanes(reports: readonly LaneReport[]): string {
  const rows = reports.map((lane, index) => {
    const numbers = [lane.confirmed, lane.delivered, lane.lost, lane.unflagged, lane.flagged];
    const advice = lane.advice.map((text) => `<li>${escapeMarkup(text)}</li>`).join('');
    return `<tr><td><span class="grade g${lane.grade}">${lane.grade}</span></td>
<td><i style="color:var(--l${index % 7})">■</i> ${escapeMarkup(lane.lane)}<br><span class="soft">${escapeMarkup(lane.client)}</span></td>
${numbers.map((number) => `<td class="n">${whole(number)}</td>`).join('')}
<td class="n">${duration(lane.write?.median)}<br><span class="soft">${duration(lane.write?.max)}</span></td>
<td class="n">${duration(lane.read?.median)}<br><span class="soft">${duration(lane.read?.max)}</span></td>
<td><ul class="advice">${advice}</ul></td></tr>`;
  });
  return `<table><tr><th>grade</th><th>lane</th><th class="n">confirmed</th><th class="n">delivered</th><th class="n">lost</th>
<th class="n">unflagged</th><th class="n">flagged</th><th class="n">writes back<br>median, max</th><th class="n">reads back<br>median, max</th><th>what to change</th></tr>${rows.join('')}</table>`;
}

function invariants(judgements: readonly Judgement[]): string {
  const rows = judgements.map((judgement) => {
    const { name, title, verdict, exercised, checked, note, findings, failures } = judgement;
    const shown = findings.slice(0, 5).map(({ message, lines }) => {
      const at = lines.length === 0 ? '' : ` <code>ledger lines ${lines.join(', ')}</code>`;
      return `<li>${escapeMarkup(message)}${at}</li>`;
    });
    const more = failures > shown.length ? `<li>and ${failures - shown.length} more</li>` : '';
    const list = shown.length === 0 ? '' : `<ul class="findings">${shown.join('')}${more}</ul>`;
    return `<tr><td>${name}</td><td class="${exercised ? verdict : 'none'}">${exercised ? verdict : 'not exercised'}</td>
<td>${escapeMarkup(title)}<br><span class="soft">${escapeMarkup(note)}</span>${list}</td><td class="n">${whole(checked)}</td></tr>`;
  });
  return `<table><tr><th></th><th>verdict</th><th></th><th class="n">checked</th></tr>${rows.join('')}</table>`;
}

function skipped(reasons: readonly string[]): string {
  if (reasons.length === 0) return '';
  const items = reasons.map((reason) => `<li>${escapeMarkup(reason)}</li>`).join('');
  return `<h2>Not applicable to this target</h2><div class="card"><ul class="advice">${items}</ul></div>`;
}

function whole(value: number): string {
  return value.toLocaleString('en');
}

function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '–';
  return milliseconds < 1000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(2)} s`;
}

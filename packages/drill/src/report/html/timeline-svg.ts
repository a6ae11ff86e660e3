import { escapeMarkup } from '../escape-markup.js';
import type { Timeline } from '../timeline.js';

const WIDTH = 1160;
const LEFT = 92;
const RIGHT = 12;
const PLOT = WIDTH - LEFT - RIGHT;
const RATE_HEIGHT = 130;
const RECONNECT_HEIGHT = 56;
const ROLE_HEIGHT = 20;
const GAP = 26;
const TOP = 22;
/** Bursts after an outage are cut off at so many times the usual rate, for the rest to be seen. */
const BURST = 1.7;

/** The timeline of a run as one drawing: time from left to right, and one panel below another. */
export function drawTimeline(timeline: Timeline): string {
  const parts: string[] = [];
  let top = TOP;
  const panel = (title: string, height: number, draw: (y: number) => string) => {
    parts.push(`<text class="title" x="${LEFT}" y="${top - 7}">${escapeMarkup(title)}</text>`);
    parts.push(draw(top));
    top += height + GAP;
  };
  const lanes = timeline.lanes.map(({ lane }) => lane);
  panel('confirms a second (bursts are cut off)', RATE_HEIGHT, (y) =>
    stack(
      timeline,
      timeline.lanes.map(({ confirms }) => confirms),
      lanes,
      y,
    ),
  );
  panel('deliveries a second (bursts are cut off)', RATE_HEIGHT, (y) =>
    stack(
      timeline,
      timeline.lanes.map(({ deliveries }) => deliveries),
      lanes,
      y,
    ),
  );
  panel('clients that lost their connection (down) and came back (up)', RECONNECT_HEIGHT, (y) =>
    reconnects(timeline, y),
  );
  const nodes = [...new Set(timeline.roles.map(({ node }) => node))];
  if (nodes.length > 0) {
    panel('roles and epochs', nodes.length * (ROLE_HEIGHT + 4), (y) => roles(timeline, nodes, y));
  }
  const bottom = top - GAP + 4;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${bottom + 24}" role="img" aria-label="Timeline of the run">`,
    bands(timeline, bottom),
    ...parts,
    axis(timeline, bottom),
    '</svg>',
  ].join('\n');
}

function x({ startMs, endMs }: Timeline, milliseconds: number): number {
  const share = (milliseconds - startMs) / (endMs - startMs);
  return round(LEFT + Math.min(1, Math.max(0, share)) * PLOT);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function bands(timeline: Timeline, bottom: number): string {
  const height = bottom - TOP;
  const band = (from: number, to: number, kind: string, title: string) => {
    const left = x(timeline, from);
    const width = Math.max(1.5, round(x(timeline, to) - left));
    return (
      `<rect class="${kind}" x="${left}" y="${TOP}" width="${width}" height="${height}">` +
      `<title>${escapeMarkup(title)}</title></rect>`
    );
  };
  return [
    ...timeline.unavailable.map(({ from, to }) =>
      band(from, to, 'unavailable', `no confirms for ${to - from} ms`),
    ),
    ...timeline.faults.map(({ from, to, label }) =>
      band(
        from,
        Math.min(to, from),
        'fault',
        `${label}, at ${seconds(from)}, over at ${seconds(to)}`,
      ),
    ),
  ].join('\n');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** The rates of all lanes, one upon the other. */
function stack(
  timeline: Timeline,
  series: readonly (readonly number[])[],
  lanes: readonly string[],
  y: number,
): string {
  const size = series[0]?.length ?? 0;
  const totals = Array.from({ length: size }, (_, index) =>
    series.reduce((sum, values) => sum + values[index]!, 0),
  );
  const busy = totals.filter((total) => total > 0).sort((a, b) => a - b);
  const usual = busy[Math.floor(busy.length / 2)] ?? 1;
  const top = niceCeiling(Math.min(Math.max(...totals, 1), usual * BURST));
  const at = (value: number) => round(y + RATE_HEIGHT * (1 - Math.min(1, value / top)));
  const below = new Array<number>(size).fill(0);
  const areas = series.map((values, lane) => {
    const floor = below.map(at);
    const points: string[] = [];
    for (let index = 0; index < size; index++) {
      below[index]! += values[index]!;
      const [left, right] = [index, index + 1].map((bucket) =>
        x(timeline, timeline.startMs + bucket * timeline.bucketMs),
      );
      points.push(`${left},${at(below[index]!)} ${right},${at(below[index]!)}`);
    }
    for (let index = size - 1; index >= 0; index--) {
      const [left, right] = [index, index + 1].map((bucket) =>
        x(timeline, timeline.startMs + bucket * timeline.bucketMs),
      );
      points.push(`${right},${floor[index]!} ${left},${floor[index]!}`);
    }
    const title = `<title>${escapeMarkup(lanes[lane]!)}</title>`;
    return `<polygon class="lane${lane % 7}" points="${points.join(' ')}">${title}</polygon>`;
  });
  const grid = [0, 0.5, 1].map((share) => {
    const level = at(top * share);
    const label = Math.round(top * share).toLocaleString('en');
    return (
      `<line class="grid" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${level}" y2="${level}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${level + 4}" text-anchor="end">${label}</text>`
    );
  });
  return [...grid, ...areas].join('\n');
}

function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

function reconnects(timeline: Timeline, y: number): string {
  const { connects, disconnects, startMs, bucketMs } = timeline;
  const middle = y + RECONNECT_HEIGHT / 2;
  const most = Math.max(1, ...connects, ...disconnects);
  const bar = (count: number, index: number, kind: 'connect' | 'disconnect') => {
    if (count === 0) return '';
    const height = round((count / most) * (RECONNECT_HEIGHT / 2 - 2));
    const left = x(timeline, startMs + index * bucketMs);
    const width = Math.max(2, round(x(timeline, startMs + (index + 1) * bucketMs) - left));
    const top = kind === 'connect' ? middle - height : middle;
    return (
      `<rect class="${kind}" x="${left}" y="${top}" width="${width}" height="${height}">` +
      `<title>${count} ${kind === 'connect' ? 'came back' : 'lost'}</title></rect>`
    );
  };
  return [
    `<line class="grid" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${middle}" y2="${middle}"/>`,
    `<text class="tick" x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">±${most}</text>`,
    ...connects.map((count, index) => bar(count, index, 'connect')),
    ...disconnects.map((count, index) => bar(count, index, 'disconnect')),
  ].join('');
}

function roles(timeline: Timeline, nodes: readonly string[], y: number): string {
  const labels = nodes.map((node, row) => {
    const level = y + row * (ROLE_HEIGHT + 4) + ROLE_HEIGHT / 2 + 4;
    return `<text class="tick" x="${LEFT - 8}" y="${level}" text-anchor="end">${escapeMarkup(node)}</text>`;
  });
  const bars = timeline.roles.map(({ from, to, node, role, epoch }) => {
    const top = y + nodes.indexOf(node) * (ROLE_HEIGHT + 4);
    const left = x(timeline, from);
    const width = round(x(timeline, to) - left);
    if (width <= 0) return '';
    const kind = role === 'active' ? 'active' : role === 'standby' ? 'standby' : 'gone';
    const number = epoch !== null && role === 'active' && width > 18;
    const text = number
      ? `<text class="epoch" x="${left + width / 2}" y="${top + 14}" text-anchor="middle">${epoch}</text>`
      : '';
    const title = `${node}: ${role}${epoch === null ? '' : `, epoch ${epoch}`}`;
    return (
      `<rect class="${kind}" x="${left}" y="${top}" width="${width}" height="${ROLE_HEIGHT}" rx="2">` +
      `<title>${escapeMarkup(title)}</title></rect>${text}`
    );
  });
  return [...labels, ...bars].join('\n');
}

function axis(timeline: Timeline, bottom: number): string {
  const span = timeline.endMs - timeline.startMs;
  const step =
    [1, 2, 5, 10, 20, 30, 60, 120, 300, 600].find((s) => span / (s * 1000) <= 14) ?? 3600;
  const marks: string[] = [];
  for (let at = 0; at <= span; at += step * 1000) {
    const left = x(timeline, timeline.startMs + at);
    marks.push(
      `<line class="mark" x1="${left}" x2="${left}" y1="${bottom}" y2="${bottom + 5}"/>` +
        `<text class="tick" x="${left}" y="${bottom + 18}" text-anchor="middle">${at / 1000} s</text>`,
    );
  }
  return marks.join('');
}

import Table from 'cli-table3';
import type { PairStatus, PartState } from './pair-status.js';

const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

const REASONS: Readonly<Record<string, string>> = {
  first: 'it was the first one',
  lease: "the former one's lease ran out",
  'hand-over': 'the former one handed over',
  promote: 'somebody promoted it',
};

/** How the parts of a pair are, for people. */
export function formatPairStatus(status: PairStatus): string {
  const { nodes, region, front, supervisor, cluster, active, takeover } = status;
  const table = new Table({
    head: ['part', 'process', 'role', 'epoch', 'lag', 'endpoints'],
    style: { head: [], border: [] },
    chars: NO_RULES,
  });
  for (const { name, process, role, epoch, lag, endpoints } of nodes) {
    table.push([name, shown(process), role, shown(epoch), shown(lag), listed(endpoints)]);
  }
  table.push(partRow('region', region), partRow('front', front));
  if (supervisor.up) table.push(['supervisor', shown(supervisor.process), 'up', '', '', '']);
  const serving = active === null ? 'no node serves' : `${active} serves`;
  const lines = [`cluster ${cluster}: ${serving}`, String(table)];
  if (takeover !== null) {
    const { node, at, reason, epoch, tookMs } = takeover;
    const why = REASONS[reason] ?? reason;
    lines.push(`last takeover: ${node}, epoch ${epoch}, at ${at}, in ${tookMs} ms: ${why}`);
  }
  return lines.join('\n');
}

function partRow(name: string, { up, process, endpoints }: PartState): string[] {
  return [name, shown(process), up ? 'up' : 'down', '', '', listed(endpoints)];
}

function shown(value: number | null): string {
  return value === null ? '-' : String(value);
}

function listed(endpoints: PartState['endpoints']): string {
  return endpoints.map(({ name, address }) => `${name} ${address}`).join('\n');
}

import type { Explanation } from '@causeway/server';
import Table from 'cli-table3';

type Received = Explanation['received'][number];

const CHANGES = {
  lost: 'lost',
  changed: 'changed',
  retyped: 'type lost',
} as const satisfies Record<Received['losses'][number]['change'], string>;

const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/** What becomes of a message, as tables for people: one for each protocol. */
export function formatExplanation({ received }: Explanation): string {
  return received.map(formatReceived).join('\n\n');
}

function formatReceived({ protocol, destination, headers, body, losses }: Received): string {
  const table = new Table({
    head: [protocol, ''],
    style: { head: [], border: [] },
    chars: NO_RULES,
  });
  if (destination === null) table.push(['', 'does not get it']);
  else {
    table.push(['destination', destination], ...headers.map(([name, value]) => [name, value]));
    table.push([`body, ${body.kind}`, body.preview]);
  }
  const lines = losses.map(
    ({ field, change, value, why }) => `  ${CHANGES[change]}: ${field} (${value}): ${why}`,
  );
  return [String(table), ...(lines.length === 0 ? ['  nothing is lost'] : lines)].join('\n');
}

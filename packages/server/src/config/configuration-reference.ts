import { LIMITS, type LimitName } from '@causeway/core';
import type { Fields, ListOption, Option, ValueOption } from './option.js';
import { ANY_PLACE, OPTION_ROWS, type OptionRow } from './option-rows.js';

const INTRODUCTION = `# Configuration

<!-- Generated from the option table by \`npm run docs\`: change packages/server/src/config/options.ts. -->

\`causeway start --config FILE\` reads a YAML file. Every key can also be given in the environment and
on the command line; what is given later in this list wins:

1. the file;
2. environment variables, such as \`CAUSEWAY_ADMIN_PORT=8162\`, with the place in a list as a number:
   \`CAUSEWAY_LISTENERS_0_PORT=1884\`;
3. \`--set key=value\`, such as \`--set admin.port=8162\` or \`--set listeners[0].port=1884\`; the place after
   the last one appends to a list. Whole lists and maps are written as YAML:
   \`--set 'users=[{ name: alice, password: secret }]'\`. \`--data FOLDER\` is short for \`--set node.data=FOLDER\`.

\`causeway check-config\` checks all of it without starting. Every problem is named with its file, line
and column. A key that is left out has its default; without a file the defaults are those of
\`config/causeway.yaml\`. Paths are relative to the folder in which the broker is started.

The user \`admin\` with the password \`admin\` is let in from this machine only, and while that password
stands the broker refuses to bind any other address than this machine's own.

`;

/** The text of docs/configuration.md. */
export function renderConfigurationReference(): string {
  const sections = OPTION_ROWS.filter(({ segments }) => segments.length === 1);
  return INTRODUCTION + sections.map(renderTopLevel).join('\n');
}

function renderTopLevel(row: OptionRow): string {
  const { key, option } = row;
  const heading = `## \`${key}\`\n\n${option.describe}\n`;
  if (option.kind === 'value') return `${heading}\n${renderTable([row])}`;
  if (key === 'limits') return `${heading}\n${renderLimits()}`;
  const rows = OPTION_ROWS.filter(
    (inner) => inner.segments[0] === key && inner !== row && inner.option.kind !== 'section',
  );
  return `${heading}${renderListDefault(option)}\n${renderTable(rows)}`;
}

function renderListDefault(option: Option): string {
  if (option.kind !== 'list' || option.default.length === 0) return '';
  const items = option.default.map((item) => `- ${inFlow(item)}\n`);
  return `\nLeft out, it is\n\n\`\`\`yaml\n${items.join('')}\`\`\`\n`;
}

function inFlow(item: object): string {
  const fields = Object.entries(item).map(([name, value]) => `${name}: ${inYaml(value)}`);
  return `{ ${fields.join(', ')} }`;
}

function inYaml(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

/** What has a row of its own: a section has only those of its keys. */
type TableOption = ValueOption<unknown> | ListOption<Fields>;

function renderTable(rows: readonly OptionRow[]): string {
  const lines = rows.map(({ key, variable, option }) => {
    const cells = [
      code(key),
      typeOf(option as TableOption),
      defaultOf(key, option as TableOption),
      option.describe,
      code(variable),
    ];
    return `| ${cells.join(' | ')} |\n`;
  });
  const head = '| key | value | default | meaning | variable |\n| --- | --- | --- | --- | --- |\n';
  return head + lines.join('');
}

function renderLimits(): string {
  const lines = Object.entries(LIMITS).map(([name, limit]) => {
    const shown = readable(limit.default, limit.unit);
    return `| ${code(name)} | ${shown} | ${limit.describe} |\n`;
  });
  const example = variableOf('frameBytesMax');
  return `Bytes may be written as \`16MiB\` and times as \`10s\`. The variables are called as in
\`${example}\`.

| limit | default | meaning |
| --- | --- | --- |
${lines.join('')}`;
}

function variableOf(limit: LimitName): string {
  return OPTION_ROWS.find(({ key }) => key === `limits.${limit}`)!.variable;
}

function typeOf(option: TableOption): string {
  if (option.kind === 'list') return 'list of maps';
  switch (option.type) {
    case 'choice':
      return option.values.map(code).join(', ');
    case 'flag':
      return '`true` or `false`';
    case 'names':
      return 'list of names';
    case 'integer':
      return option.max < Number.MAX_SAFE_INTEGER ? `${option.min} to ${option.max}` : 'number';
    default:
      return option.type;
  }
}

function defaultOf(key: string, option: TableOption): string {
  if (option.kind === 'list') return option.default.map(inFlow).map(code).join(', ');
  if (option.required) {
    const section = OPTION_ROWS.find(
      (row) =>
        row.option.kind === 'section' &&
        row.option.optional &&
        key.startsWith(`${row.key}.`) &&
        !key.slice(row.key.length).includes(ANY_PLACE),
    );
    return section === undefined ? 'required' : `required with ${code(section.key)}`;
  }
  if (option.default === undefined) return '';
  return code(inYaml(option.default));
}

function readable(value: number, unit: string): string {
  if (unit === 'bytes') {
    if (value >= 1024 ** 2 && value % 1024 ** 2 === 0) return `${value / 1024 ** 2} MiB`;
    return value >= 1024 && value % 1024 === 0 ? `${value / 1024} KiB` : `${value} bytes`;
  }
  if (unit !== 'ms') return String(value);
  if (value >= 86_400_000 && value % 86_400_000 === 0) return `${value / 86_400_000} d`;
  return value >= 1000 && value % 1000 === 0 ? `${value / 1000} s` : `${value} ms`;
}

function code(text: string): string {
  return `\`${text}\``;
}

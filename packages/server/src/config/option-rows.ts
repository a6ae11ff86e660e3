import type { Option, ValueOption } from './option.js';
import { OPTIONS } from './options.js';

/** A key path: names of keys and places in lists. */
export type Path = readonly (string | number)[];

/** One option with its place in the file and its other names. */
export interface OptionRow {
  /** Such as `listeners[].port`. */
  readonly key: string;
  /** Such as `CAUSEWAY_LISTENERS_<n>_PORT`. */
  readonly variable: string;
  readonly option: Option;
  readonly segments: readonly string[];
}

/** Stands in `segments` for the place in a list. */
export const ANY_PLACE = '[]';

/** Every option of the table, in its order, sections and lists before what they hold. */
export const OPTION_ROWS: readonly OptionRow[] = collectRows(OPTIONS, []).slice(1);

function collectRows(option: Option, segments: readonly string[]): OptionRow[] {
  const row = { key: keyOf(segments), variable: variableOf(segments), option, segments };
  const rows: OptionRow[] = [row];
  const inner = option.kind === 'list' ? option.item : option;
  if (inner.kind === 'value') return rows;
  const prefix = option.kind === 'list' ? [...segments, ANY_PLACE] : segments;
  for (const [name, field] of Object.entries(inner.fields)) {
    rows.push(...collectRows(field, [...prefix, name]));
  }
  return rows;
}

function keyOf(segments: readonly string[]): string {
  return segments.join('.').replaceAll(`.${ANY_PLACE}`, ANY_PLACE);
}

function variableOf(segments: readonly string[]): string {
  const parts = segments.map((segment) =>
    segment === ANY_PLACE ? '<n>' : segment.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase(),
  );
  return ['CAUSEWAY', ...parts].join('_');
}

/** Writes a path as it is written in errors and with `--set`: `listeners[0].port`. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`,
    )
    .join('');
}

/** The option at a path; undefined when there is none. */
export function optionAt(path: Path): Option | undefined {
  let option: Option | undefined = OPTIONS;
  for (const part of path) {
    if (option?.kind === 'list' && typeof part === 'number') option = option.item;
    else if (option?.kind === 'section' && typeof part === 'string') {
      option = Object.hasOwn(option.fields, part) ? option.fields[part] : undefined;
    } else return undefined;
  }
  return option;
}

/** Whether the value at the path must not be repeated in an error. */
export function isSecret(path: Path): boolean {
  const option = optionAt(path);
  return option?.kind === 'value' && (option as ValueOption<unknown>).secret;
}

import { parse } from 'yaml';
import type { ConfigProblem } from './config-problem.js';
import { nearestName } from './nearest-name.js';
import type { Option } from './option.js';
import { ANY_PLACE, OPTION_ROWS, optionAt, type Path } from './option-rows.js';

/** A value from outside the file, and where it came from. */
export interface Override {
  readonly path: Path;
  readonly value: unknown;
  /** `--set admin.port` or the name of the variable. */
  readonly origin: string;
}

export interface Overrides {
  readonly overrides: readonly Override[];
  /** Already with the origin in `at`. */
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads `key=value` as given with `--set`. The key is written as in `listeners[0].port` or
 * `listeners.0.port`; whole lists and maps are written as YAML.
 */
export function parseSets(sets: readonly string[]): Overrides {
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  for (const set of sets) {
    const equals = set.indexOf('=');
    const key = equals < 0 ? set : set.slice(0, equals);
    const origin = `--set ${key}`;
    const path = parseKey(key);
    const option = optionAt(path);
    if (option === undefined || path.length === 0) {
      problems.push({
        path: [],
        message: 'there is no such key',
        suggestion: hint(key),
        at: origin,
      });
    } else if (equals < 0) {
      problems.push({ path: [], message: 'needs a value: key=value', at: origin });
    } else {
      collect(option, path, set.slice(equals + 1), origin, overrides, problems);
    }
  }
  return { overrides, problems };
}

/** Reads the variables that begin with `CAUSEWAY_` and name an option; others are left alone. */
export function parseVariables(
  environment: Readonly<Record<string, string | undefined>>,
): Overrides & { readonly unknown: readonly string[] } {
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  const unknown: string[] = [];
  for (const name of Object.keys(environment).sort()) {
    const text = environment[name];
    if (!name.startsWith('CAUSEWAY_') || text === undefined) continue;
    const path = pathOfVariable(name);
    if (path === undefined) unknown.push(name);
    else collect(optionAt(path)!, path, text, name, overrides, problems);
  }
  return { overrides, problems, unknown };
}

/**
 * A copy of `value` with the overrides in place, in their order. A place one past the end of a
 * list appends to it.
 */
export function applyOverrides(
  value: unknown,
  overrides: readonly Override[],
): { readonly value: unknown; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  let root = value;
  for (const { path, value: replacement, origin } of overrides) {
    const changed = replaceAt(root, path, 0, replacement);
    if (changed === undefined) {
      problems.push({ path: [], message: 'the list has no such place', at: origin });
    } else root = changed.value;
  }
  return { value: root, problems };
}

function replaceAt(
  value: unknown,
  path: Path,
  depth: number,
  replacement: unknown,
): { readonly value: unknown } | undefined {
  if (depth === path.length) return { value: replacement };
  const part = path[depth]!;
  if (typeof part === 'string') {
    const map = isRecord(value) ? value : {};
    const changed = replaceAt(map[part] ?? defaultAt(path, depth), path, depth + 1, replacement);
    return changed && { value: { ...map, [part]: changed.value } };
  }
  const items = Array.isArray(value) ? [...value] : [];
  if (part > items.length) return undefined;
  const changed = replaceAt(items[part], path, depth + 1, replacement);
  if (changed === undefined) return undefined;
  items[part] = changed.value;
  return { value: items };
}

/** A list that the file leaves out has its defaults, and `listeners[0].port` means one of them. */
function defaultAt(path: Path, depth: number): unknown {
  const option = optionAt(path.slice(0, depth + 1));
  return option?.kind === 'list' ? option.default : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function collect(
  option: Option,
  path: Path,
  text: string,
  origin: string,
  overrides: Override[],
  problems: ConfigProblem[],
): void {
  if (option.kind === 'value' && (option.type === 'text' || option.type === 'choice')) {
    overrides.push({ path, value: text, origin });
    return;
  }
  try {
    overrides.push({ path, value: parse(text), origin });
  } catch {
    problems.push({ path: [], message: 'the value is not YAML', at: origin });
  }
}

function parseKey(key: string): Path {
  return key
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((part) => (/^\d{1,6}$/.test(part) ? Number(part) : part));
}

function hint(key: string): string | undefined {
  const written = key.replace(/\[\d+\]/g, ANY_PLACE).replace(/\.\d+(?=\.|$)/g, ANY_PLACE);
  const near = nearestName(
    written,
    OPTION_ROWS.map((row) => row.key),
  );
  return near === undefined ? undefined : `did you mean ${near}?`;
}

function pathOfVariable(name: string): Path | undefined {
  for (const row of OPTION_ROWS) {
    const places = new RegExp(`^${row.variable.replaceAll('<n>', '(\\d{1,6})')}$`).exec(name);
    if (places === null) continue;
    let place = 0;
    return row.segments.map((segment) =>
      segment === ANY_PLACE ? Number(places[++place]) : segment,
    );
  }
  return undefined;
}

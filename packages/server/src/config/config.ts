import type { z } from 'zod';
import { type ConfigFile, NO_FILE, parseConfigFile, readConfigFile } from './config-file.js';
import { applyOverrides, type Override, parseSets, parseVariables } from './config-override.js';
import { ConfigError, type ConfigProblem, formatProblem } from './config-problem.js';
import { checkRules } from './config-rules.js';
import { CONFIG_SCHEMA } from './config-schema.js';
import { nearestName } from './nearest-name.js';
import type { Option } from './option.js';
import { isSecret, OPTION_ROWS, optionAt, type Path } from './option-rows.js';
import { type Config, OPTIONS } from './options.js';

export interface ConfigSources {
  /** Path of the file; without one the defaults stand, which are those of config/causeway.yaml. */
  readonly file?: string | undefined;
  /**
   * Whether it is for one process alone: then the section `multiAz`, which says where others are,
   * need not fit what this process binds.
   */
  readonly alone?: boolean;
  /** Instead of reading the file: its text, for tests. */
  readonly source?: string | undefined;
  /** Wins over the file. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `key=value`, from the command line; wins over the environment. */
  readonly sets?: readonly string[];
}

export interface LoadedConfig {
  readonly config: Config;
  /** What is odd but not wrong. */
  readonly warnings: readonly string[];
}

/**
 * Reads the configuration from the file, the environment and the command line, and checks all of
 * it.
 * @throws ConfigError with one line per problem
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const file = openFile(sources);
  const variables = parseVariables(sources.environment ?? {});
  const sets = parseSets(sources.sets ?? []);
  const overrides = [...variables.overrides, ...sets.overrides];
  const applied = applyOverrides(file.value, overrides);
  const locate = createLocator(file, overrides);
  const early = [...variables.problems, ...sets.problems, ...applied.problems];
  const problems = early.map((problem) => formatProblem(problem, 'configuration'));

  const result = CONFIG_SCHEMA.safeParse(fillEmpty(applied.value, OPTIONS));
  if (!result.success) {
    const found = result.error.issues.flatMap((issue) => toProblems(issue, applied.value));
    problems.push(...found.map((problem) => formatProblem(problem, locate(problem.path))));
    throw new ConfigError(problems);
  }
  const rules = await checkRules(result.data, sources.alone ?? false);
  problems.push(...rules.problems.map((problem) => formatProblem(problem, locate(problem.path))));
  if (problems.length > 0) throw new ConfigError(problems);
  const warnings = rules.warnings.map((problem) => formatProblem(problem, locate(problem.path)));
  return {
    config: result.data,
    warnings: [...warnings, ...variables.unknown.flatMap(warnUnknown)],
  };
}

function openFile(sources: ConfigSources): ConfigFile {
  if (sources.source !== undefined)
    return parseConfigFile(sources.file ?? 'config', sources.source);
  return sources.file === undefined ? NO_FILE : readConfigFile(sources.file);
}

/** Says where a path was written: by the last override that reaches it, or in the file. */
function createLocator(file: ConfigFile, overrides: readonly Override[]): (path: Path) => string {
  return (path) => {
    const reaching = overrides.findLast(({ path: prefix }) =>
      prefix.every((part, index) => path[index] === part),
    );
    return reaching?.origin ?? file.locate(path);
  };
}

/** A key without a value, such as `limits:` with nothing below it, stands for an empty one. */
function fillEmpty(value: unknown, option: Option): unknown {
  if (option.kind === 'value') return value;
  if (value === null) return option.kind === 'list' ? [] : {};
  if (option.kind === 'list') {
    return Array.isArray(value) ? value.map((item) => fillEmpty(item, option.item)) : value;
  }
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value as object).map(([key, inner]) => {
    const field = Object.hasOwn(option.fields, key) ? option.fields[key] : undefined;
    return [key, field === undefined ? inner : fillEmpty(inner, field)];
  });
  return Object.fromEntries(entries);
}

function toProblems(issue: z.core.$ZodIssue, root: unknown): ConfigProblem[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    const option = optionAt(path);
    const known = option?.kind === 'section' ? Object.keys(option.fields) : [];
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: 'there is no such key',
      suggestion: didYouMean(key, known),
    }));
  }
  const given = valueAt(root, path);
  const option = optionAt(path);
  if (option?.kind !== 'value' || option.type !== 'choice' || typeof given !== 'string') {
    return [{ path, message: issue.message }];
  }
  return [{ path, message: issue.message, suggestion: didYouMean(given, option.values) }];
}

function valueAt(root: unknown, path: Path): unknown {
  if (isSecret(path)) return undefined;
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

function didYouMean(given: string, names: readonly string[]): string | undefined {
  const near = nearestName(given, names);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

/** Other programs' variables may begin like ours: one that nearly names an option is reported. */
function warnUnknown(name: string): string[] {
  const prefix = 'CAUSEWAY_';
  const variables = OPTION_ROWS.map((row) => row.variable.slice(prefix.length));
  const near = nearestName(name.slice(prefix.length).replace(/_\d+(?=_|$)/g, '_<n>'), variables);
  return near === undefined ? [] : [`${name}: no such variable (did you mean ${prefix}${near}?)`];
}

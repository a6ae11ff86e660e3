import { BrokerError } from '@causeway/core';
import { formatPath, type Path } from './option-rows.js';

/** Something wrong with the configuration. */
export interface ConfigProblem {
  readonly path: Path;
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string | undefined;
  /** Where it is written when that is not where the path leads: `file:line:column`. */
  readonly at?: string | undefined;
}

/** A configuration with which the broker does not start; lists everything that is wrong. */
export class ConfigError extends BrokerError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('config-invalid', problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * One line about a problem.
 * @param at `file:line:column`, or the name of the variable or `--set` that it came from
 */
export function formatProblem(problem: ConfigProblem, at: string): string {
  const key = problem.path.length === 0 ? '' : `${formatPath(problem.path)}: `;
  const hint = problem.suggestion === undefined ? '' : ` (${problem.suggestion})`;
  return `${problem.at ?? at}: ${key}${problem.message}${hint}`;
}

/** The options of commands that read a configuration. */
export interface ConfigOptions {
  readonly config?: string;
  readonly data?: string;
  readonly set: readonly string[];
}

/** `--data` is one of the sets, and the last one. */
export function configSets(options: Pick<ConfigOptions, 'data' | 'set'>): readonly string[] {
  return options.data === undefined ? options.set : [...options.set, `node.data=${options.data}`];
}

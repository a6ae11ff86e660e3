import type { Command } from 'commander';
import { collect } from './option-parsers.js';

/** The options of commands that read a configuration. */
export function addConfigOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file; without one the stock configuration')
    .option('-d, --data <folder>', 'data folder; short for --set node.data=FOLDER')
    .option(
      '-s, --set <key=value>',
      'set a key of the configuration; may be repeated',
      collect,
      [],
    );
}

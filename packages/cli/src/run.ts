import { type Command, CommanderError } from 'commander';
import { CommandError, EXIT_CODES } from './exit-code.js';

/** Runs the command line; returns how the process should end. */
export async function run(program: Command, args: readonly string[]): Promise<number> {
  overrideExit(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT_CODES.done;
  } catch (error) {
    return await report(error);
  }
}

/** Has a command and those below it throw where they would end the process. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExit(child);
}

async function report(error: unknown): Promise<number> {
  // Commander has said what is wrong already; help and the version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
  if (error instanceof CommandError) {
    console.error(`causeway: ${error.message}`);
    return error.exitCode;
  }
  const { message, stack, name } = error as Error;
  if (name === 'BrokerError') {
    for (const line of message.split('\n')) console.error(`causeway: ${line}`);
    // Loaded already, by the command that failed; clients need not load a whole broker.
    return (await import('@causeway/server')).exitCodeOf(error);
  }
  if (name === 'DrillError') {
    for (const line of message.split('\n')) console.error(`causeway: ${line}`);
    return EXIT_CODES.usage;
  }
  const { code } = error as NodeJS.ErrnoException;
  console.error(code === undefined ? (stack ?? String(error)) : `causeway: ${message}`);
  return EXIT_CODES.failed;
}

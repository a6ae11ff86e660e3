/** How the command ends; scripts depend on these numbers. */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  /** A wrong argument, or a bad configuration. */
  usage: 2,
  /** A drill about which nothing can be said. 3 and 4 are a broker's, of its data folder. */
  unknown: 5,
} as const;

/** An error whose message is for the person at the terminal: it is shown without a stack. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_CODES.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @throws CommandError for a wrong argument */
export function usageError(message: string): CommandError {
  return new CommandError(message, EXIT_CODES.usage);
}

import type { Verdict } from '@causeway/drill';
import { CommandError, EXIT_CODES } from './exit-code.js';

/**
 * Ends the command as the verdict says, which has been printed.
 * @throws CommandError unless it passed
 */
export function endWithVerdict(verdict: Verdict): void {
  if (verdict === 'PASS') return;
  const exitCode = verdict === 'FAIL' ? EXIT_CODES.failed : EXIT_CODES.unknown;
  throw new CommandError(`the verdict is ${verdict}`, exitCode);
}

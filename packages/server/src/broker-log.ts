import type { Log } from '@causeway/core';
import { destination, pino, stdTimeFunctions } from 'pino';
import type { Config } from './config/options.js';
import { formatLogLine, type Level } from './pretty-line.js';

/** Log lines that can be made sure of before the process ends. */
export interface BrokerLog extends Log {
  flush(): void;
}

type Fields = Readonly<Record<string, unknown>>;

const STANDARD_ERROR = 2;
/** Lines that whoever reads the log has not taken; more are dropped rather than kept. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** Opens the log on the standard error output, where the standard output stays free for answers. */
export function openLog(settings: Config['log']): BrokerLog {
  const pretty =
    settings.format === 'pretty' || (settings.format === 'auto' && process.stderr.isTTY === true);
  return pretty
    ? createPrettyLog(settings.level, (line) => process.stderr.write(line))
    : openJsonLog(settings.level);
}

function openJsonLog(level: Level): BrokerLog {
  // Not synchronous: a reader that is slow must not hold the broker up.
  const output = destination({
    dest: STANDARD_ERROR,
    sync: false,
    maxLength: WAITING_BYTES_MAX,
  });
  return createJsonLog(level, output);
}

/** One JSON object a line; audit lines carry `audit: true` and are written at every level. */
export function createJsonLog(
  level: Level,
  output: { write(line: string): unknown; flushSync?(): void },
): BrokerLog {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    output as { write(line: string): void },
  );
  const auditor = logger.child({ audit: true }, { level: 'info' });
  return {
    debug: (event, fields = {}) => logger.debug(fields, event),
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
    audit: (event, fields = {}) => auditor.info(fields, event),
    flush: () => output.flushSync?.(),
  };
}

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** Lines for people. */
export function createPrettyLog(level: Level, write: (line: string) => unknown): BrokerLog {
  const from = LEVELS.indexOf(level);
  const at = (lineLevel: Level) =>
    LEVELS.indexOf(lineLevel) < from
      ? () => {}
      : (event: string, fields: Fields = {}) => {
          write(formatLogLine(new Date(), lineLevel, event, fields));
        };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    audit: (event, fields = {}) => write(formatLogLine(new Date(), 'audit', event, fields)),
    flush() {},
  };
}

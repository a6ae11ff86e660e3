export type Level = 'debug' | 'info' | 'warn' | 'error';

/** `12:34:56.789 INFO  listening port=1883`; control characters in values cannot forge a line. */
export function formatLogLine(
  time: Date,
  level: Level | 'audit',
  event: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  const clock = time.toISOString().slice(11, 23);
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${formatValue(value)}`);
  return `${clock} ${level.toUpperCase().padEnd(5)} ${event}${pairs.join('')}\n`;
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') {
    return /^[\w./:@*>$+#-]+$/.test(value) ? value : JSON.stringify(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
